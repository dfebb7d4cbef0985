"""Keras's operations that are functions, arithmetic and reductions: what they are called here, and by Keras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

FunctionName = Literal[
    "abs", "sqrt", "square", "exp", "log", "negative", "sign", "reciprocal", "rsqrt", "log1p", "expm1", "log2", "log10", "floor",
    "ceil", "round", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh",
    "erf", "erfinv", "gelu_tanh", "not", "isnan", "isfinite", "isinf", "zeros_like", "ones_like", "stop_gradient",
]  # fmt: skip

FUNCTIONS: Mapping[str, tuple[str, str, str]] = {
    "abs": ("Absolute", "|x|: without its sign.", "keeps"),
    "sqrt": ("Sqrt", "The square root.", "float"),
    "square": ("Square", "x times x.", "square"),
    "exp": ("Exp", "e to the power of x.", "float"),
    "log": ("Log", "The natural logarithm.", "float"),
    "negative": ("Negative", "-x.", "keeps"),
    "sign": ("Sign", "-1, 0 or 1.", "keeps"),
    "reciprocal": ("Reciprocal", "1 / x.", "only float"),
    "rsqrt": ("Rsqrt", "1 / square root of x.", "only float"),
    "log1p": ("Log1p", "log(1 + x), exact for small x.", "float"),
    "expm1": ("Expm1", "exp(x) - 1, exact for small x.", "float"),
    "log2": ("Log2", "The logarithm to base 2.", "float"),
    "log10": ("Log10", "The logarithm to base 10.", "float"),
    "floor": ("Floor", "The next whole number below.", "float"),
    "ceil": ("Ceil", "The next whole number above.", "float"),
    "round": ("Round", "The nearest whole number; halves to the even one.", "keeps"),
    "sin": ("Sin", "Sine.", "float"),
    "cos": ("Cos", "Cosine.", "float"),
    "tan": ("Tan", "Tangent.", "float"),
    "arcsin": ("Arcsin", "Inverse sine.", "float"),
    "arccos": ("Arccos", "Inverse cosine.", "float"),
    "arctan": ("Arctan", "Inverse tangent.", "float"),
    "sinh": ("Sinh", "Hyperbolic sine.", "float"),
    "cosh": ("Cosh", "Hyperbolic cosine.", "float"),
    "tanh": ("Tanh", "Hyperbolic tangent.", "float"),
    "arcsinh": ("Arcsinh", "Inverse hyperbolic sine.", "float"),
    "arccosh": ("Arccosh", "Inverse hyperbolic cosine.", "float"),
    "arctanh": ("Arctanh", "Inverse hyperbolic tangent.", "float"),
    "erf": ("Erf", "The error function.", "only float"),
    "erfinv": ("Erfinv", "Its inverse.", "only float"),
    "gelu_tanh": ("Gelu", "GELU by its approximation with tanh, as older transformers have it.", "only float"),
    "not": ("LogicalNot", "True where x is 0.", "bool"),
    "isnan": ("Isnan", "True where x is no number.", "bool"),
    "isfinite": ("Isfinite", "True where x is a number, and not infinite.", "bool"),
    "isinf": ("Isinf", "True where x is infinite.", "bool"),
    "zeros_like": ("ZerosLike", "0 everywhere.", "keeps"),
    "ones_like": ("OnesLike", "1 everywhere.", "keeps"),
    "stop_gradient": ("StopGradient", "x as it is; what comes before learns nothing from what comes behind.", "keeps"),
}
"""Name -> Keras's class, what it does, and which number type comes out."""
MODULES = {"Erf": "math", "Erfinv": "math", "Rsqrt": "math", "Gelu": "nn", "StopGradient": "core"}
"""Where the classes are that are not in `keras.src.ops.numpy`."""

ArithmeticName = Literal[
    "add", "subtract", "multiply", "divide", "power", "floor_divide", "mod", "maximum", "minimum", "arctan2", "equal",
    "not_equal", "greater", "greater_equal", "less", "less_equal", "and", "or", "xor",
]  # fmt: skip

ARITHMETIC: Mapping[str, tuple[str, str]] = {
    "add": ("Add", "x + y."),
    "subtract": ("Subtract", "x - y."),
    "multiply": ("Multiply", "x times y."),
    "divide": ("TrueDivide", "x / y."),
    "power": ("Power", "x to the power of y."),
    "floor_divide": ("FloorDivide", "x / y, down to a whole number."),
    "mod": ("Mod", "The rest of x / y."),
    "maximum": ("Maximum", "The larger of the two."),
    "minimum": ("Minimum", "The smaller of the two."),
    "arctan2": ("Arctan2", "The angle to the point (y, x)."),
    "equal": ("Equal", "True where they are equal."),
    "not_equal": ("NotEqual", "True where they differ."),
    "greater": ("Greater", "True where x > y."),
    "greater_equal": ("GreaterEqual", "True where x >= y."),
    "less": ("Less", "True where x < y."),
    "less_equal": ("LessEqual", "True where x <= y."),
    "and": ("LogicalAnd", "True where both are true, or not 0."),
    "or": ("LogicalOr", "True where one is true, or not 0."),
    "xor": ("LogicalXor", "True where just one is true, or not 0."),
}
"""Name -> Keras's class, and what it does."""

ReductionName = Literal[
    "mean", "sum", "max", "min", "prod", "std", "var", "any", "all", "argmax", "argmin", "logsumexp", "count_nonzero", "median"
]
REDUCTIONS: Mapping[str, tuple[str, str]] = {
    "mean": ("Mean", "The mean."),
    "sum": ("Sum", "The sum."),
    "max": ("Max", "The largest."),
    "min": ("Min", "The smallest."),
    "prod": ("Prod", "The product."),
    "std": ("Std", "The standard deviation."),
    "var": ("Var", "The variance."),
    "any": ("Any", "Whether any is true, or not 0."),
    "all": ("All", "Whether all are true, or not 0."),
    "argmax": ("Argmax", "The place of the largest, along one axis."),
    "argmin": ("Argmin", "The place of the smallest, along one axis."),
    "logsumexp": ("Logsumexp", "The logarithm of the sum of exponentials."),
    "count_nonzero": ("CountNonzero", "How many are not 0."),
    "median": ("Median", "The median."),
}
"""Name -> Keras's class, and what it does."""
