"""Linked distillation: a trained teacher sees its student's features, and teaches it (section III-B of the
main paper).

Read `linkage`, `encoder`, `align`, `folds`, `teacher`, `corpus`, `config`, `course`, `setup` and `distill`
in this order.
"""
