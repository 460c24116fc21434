package vec

import "github.com/tutti-ml/tutti/internal/cpu"

// SetISA makes the package use kernels up to to, for a test, and returns what it used before.
func SetISA(to cpu.ISA) (before cpu.ISA) {
	before, isa = isa, to
	return before
}

// ISA returns what the package uses.
func ISA() cpu.ISA { return isa }
