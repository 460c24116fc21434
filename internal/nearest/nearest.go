// Package nearest finds the known name that a mistyped one stands for, for error messages.
package nearest

import "strings"

// Name returns the known name that the fewest edits of name lead to, the first of equally near ones; "" if there are no
// known names. It is not always what was meant: Likely leaves out what is far away.
func Name(name string, known []string) string {
	best, least := "", -1
	for _, k := range known {
		if d := Edits(name, k); least < 0 || d < least {
			best, least = k, d
		}
	}
	return best
}

// Likely returns what Name does if the edits are at most a third of its letters; else "".
func Likely(name string, known []string) string {
	near := Name(name, known)
	if 3*Edits(name, near) > max(len(near), 3) {
		return ""
	}
	return near
}

// Edits returns how many letters must be changed, put in or left out to turn a into b, or exchanged with the next one.
// Upper and lower case are the same, and neither "-" nor "_" counts. Bytes stand for letters.
// Source: Damerau and Levenshtein's distance, in the form of optimal string alignment.
func Edits(a, b string) int {
	a, b = plain(a), plain(b)
	older, old, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range old {
		old[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			change := old[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, old[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], older[j-1]+1)
			}
		}
		older, old, row = old, row, older
	}
	return old[len(b)]
}

func plain(name string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(name))
}
