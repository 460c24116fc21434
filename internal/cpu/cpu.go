// Package cpu tells which vector instructions this process may use, and why.
//
// The choice is made once, when the package is initialised, from CPUID and the environment variable TUTTI_ISA, which can
// only lower it: generic, avx2 or avx512. The package never prints; a TUTTI_ISA that asks for something unknown or absent
// is ignored and reported by [Check], which commands call first.
package cpu

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// An ISA is a level of vector instructions. Levels are ordered: a machine that has one has all those before it.
type ISA int

const (
	Generic ISA = iota // portable Go
	AVX2               // AVX2 and FMA3: 256-bit vectors
	AVX512             // AVX2's, and AVX-512 F, BW, DQ and VL: 512-bit vectors and masks
)

var names = [...]string{Generic: "generic", AVX2: "avx2", AVX512: "avx512"}

// All lists every ISA, lowest first.
func All() []ISA { return []ISA{Generic, AVX2, AVX512} }

// String returns the name of isa as TUTTI_ISA spells it.
func (isa ISA) String() string {
	if isa < 0 || int(isa) >= len(names) {
		return fmt.Sprintf("ISA(%d)", int(isa))
	}
	return names[isa]
}

// ErrISA is what the error of [Check] wraps.
var ErrISA = errors.New("unusable TUTTI_ISA")

// Variable is the environment variable that caps the choice.
const Variable = "TUTTI_ISA"

// chosen is the one decision this package makes. It is written at initialisation only.
var chosen = choose(os.Getenv(Variable), Machine())

type choice struct {
	isa ISA
	why string
	err error
}

// choose caps what the machine has by what the environment asks for.
func choose(env string, machine ISA) choice {
	best := choice{isa: machine, why: "the best that " + platform + " has here"}
	if env == "" {
		return best
	}
	for _, isa := range All() {
		if isa.String() != env {
			continue
		}
		if isa > machine {
			best.err = fmt.Errorf("cpu: %w: %s=%s, but %s has only %s here", ErrISA, Variable, env, platform, machine)
			return best
		}
		return choice{isa: isa, why: Variable + "=" + env}
	}
	best.err = fmt.Errorf("cpu: %w: %s=%s, want one of %s", ErrISA, Variable, env, strings.Join(names[:], ", "))
	return best
}

// Best returns the highest ISA that this machine and TUTTI_ISA allow. Kernel tables take their fastest row at or below it.
func Best() ISA { return chosen.isa }

// Check returns an error that wraps [ErrISA] if TUTTI_ISA is set to an unknown name or to an ISA that this machine or this
// build lacks. [Best] then answers as if TUTTI_ISA were not set.
func Check() error { return chosen.err }
