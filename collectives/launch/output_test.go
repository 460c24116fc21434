package launch

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPrefixer(t *testing.T) {
	long := strings.Repeat("x", maxLine)
	for _, c := range []struct {
		name  string
		write []string
		want  string
	}{
		{"nothing", nil, ""},
		{"a line", []string{"a\n"}, "[0] a\n"},
		{"lines at once", []string{"a\nb\n\nc\n"}, "[0] a\n[0] b\n[0] \n[0] c\n"},
		{"a line in pieces", []string{"a", "b", "c\nd", "\n"}, "[0] abc\n[0] d\n"},
		{"no newline at the end", []string{"a\nb"}, "[0] a\n[0] b\n"},
		{"line ends of Windows", []string{"a\r\nb\r", "\nc\r\n"}, "[0] a\n[0] b\n[0] c\n"},
		{"a progress bar", []string{"1 %\r2 %", "\r3 %\r", "100 %\n", "done\n"}, "[0] 100 %\n[0] done\n"},
		{"a progress bar left standing", []string{"1 %\r2 %\r"}, "[0] 2 %\n"},
		{"a line just not too long", []string{long + "\n"}, "[0] " + long + "\n"},
		{"a line too long", []string{long + "yz\n"}, "[0] " + long + "\n[0] yz\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			p := newPrefixer(&stream{w: &out}, 0, 4)
			for _, s := range c.write {
				n, err := p.Write([]byte(s))
				assert.Equal(t, len(s), n)
				assert.NoError(t, err)
			}
			p.flush()
			assert.Equal(t, c.want, out.String())
		})
	}
}
