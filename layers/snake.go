package layers

import (
	"strings"
	"unicode"
)

// snake returns a Go name the way PyTorch writes it: RunningMean is running_mean, InProjWeight in_proj_weight, BN1 bn1. An
// underscore goes before a capital that follows a small letter or a digit, and before the last of several capitals if a small
// letter follows it (LayerQKVBias is layer_qkv_bias).
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && runes[i-1] != '_' {
			afterSmall := !unicode.IsUpper(runes[i-1])
			beforeSmall := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if afterSmall || beforeSmall {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
