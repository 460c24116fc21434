package layers

import (
	"fmt"
	"strings"
)

// Summary returns a table of model's parameters, a line each: name, shape, number of elements, and "frozen" where it is;
// and their total.
func Summary(model any) string {
	params := Params(model)
	nameWidth, shapeWidth, total := len("total"), 0, 0
	for _, p := range params {
		nameWidth = max(nameWidth, len(p.Name))
		shapeWidth = max(shapeWidth, len(fmt.Sprint(p.Value().Shape())))
		total += p.Value().Len()
	}
	var b strings.Builder
	for _, p := range params {
		frozen := ""
		if p.Frozen {
			frozen = "  frozen"
		}
		fmt.Fprintf(&b, "%-*s  %-*s  %9d%s\n", nameWidth, p.Name, shapeWidth, fmt.Sprint(p.Value().Shape()), p.Value().Len(), frozen)
	}
	fmt.Fprintf(&b, "%-*s  %-*s  %9d\n", nameWidth, "total", shapeWidth, "", total)
	return b.String()
}

// Count returns the number of elements of all of model's parameters together.
func Count(model any) int {
	n := 0
	for _, p := range Params(model) {
		n += p.Value().Len()
	}
	return n
}
