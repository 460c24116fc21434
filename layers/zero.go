package layers

import "github.com/tutti-ml/tutti/internal/option"

// Zero is the number 0 in a field whose zero value means its default: LeakyReLU{Slope: layers.Zero} is ReLU,
// LeakyReLU{} has PyTorch's slope of 0.01. It is the smallest float64 above 0, and taken for exactly 0.
const Zero = option.Zero
