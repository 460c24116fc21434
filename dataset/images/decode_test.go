package images

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pillow is what testdata/decode.py says of a file.
type pillow struct {
	H, W   int
	RGB, L []byte
}

func decoded(t *testing.T) map[string]pillow {
	text, err := os.ReadFile("testdata/decode.json")
	require.NoError(t, err)
	var want map[string]pillow
	require.NoError(t, json.Unmarshal(text, &want))
	return want
}

func fixture(t testing.TB, name string) []byte {
	data, err := os.ReadFile(filepath.Join("testdata/decode", name))
	require.NoError(t, err)
	return data
}

// distance is the largest difference of two bytes.
func distance(t *testing.T, want, got []byte) int {
	require.Equal(t, len(want), len(got))
	most := 0
	for i := range want {
		most = max(most, int(want[i])-int(got[i]), int(got[i])-int(want[i]))
	}
	return most
}

// Every kind of image, against Pillow: testdata/decode.py. PNG is exact. Of JPEG the inverse cosine transforms of two
// libraries may differ by a level, which the conversion to RGB makes up to 3 (blue is Y + 1.772·Cb).
func TestDecodeAsPillow(t *testing.T) {
	for name, want := range decoded(t) {
		t.Run(name, func(t *testing.T) {
			for _, gray := range []bool{false, true} {
				c := Config{Gray: gray}.withDefaults("")
				var im Image
				require.NoError(t, decode(&im, fixture(t, name), &c))
				require.Equal(t, []int{c.channels(), want.H, want.W}, []int{im.C, im.H, im.W})
				pixels := want.RGB
				if gray {
					pixels = want.L
				}
				tolerance := 0
				if strings.HasSuffix(name, ".jpg") {
					tolerance = 3
				}
				assert.LessOrEqual(t, distance(t, pixels, im.Pix), tolerance, "gray %v", gray)
			}
		})
	}
}
