"""Linked distillation: a trained teacher sees its student's features, and teaches it (section III-B of the
main paper).

Read `linkage`, `teacher`, `cache`, `course`, `setup` and `distill` in this order.
"""
