"""Training that can be interrupted, of whatever learns; optimizers.

Read `course`, `loop`, `checkpoint`, `slots` and `pipeline` in this order.
"""
