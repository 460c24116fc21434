package metrics

// nearest returns the word that is the fewest letters away from s, the first of equally near ones; "" of none.
func nearest(s string, words []string) string {
	best, least := "", 0
	for _, w := range words {
		if d := edits(s, w); best == "" || d < least {
			best, least = w, d
		}
	}
	return best
}

// edits returns how many letters must be changed, put in or taken out to turn a into b (Levenshtein's distance, in
// bytes).
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := corner
			if a[i] != b[j] {
				change++
			}
			corner = row[j+1]
			row[j+1] = min(change, corner+1, row[j]+1)
		}
	}
	return row[len(b)]
}
