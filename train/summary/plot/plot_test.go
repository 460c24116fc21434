package plot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/train/summary"
	"github.com/tutti-ml/tutti/train/summary/history"
)

func line(n int) Curve {
	c := Curve{Label: "loss"}
	for i := range n {
		c.add(i, 1/float64(i+1))
	}
	return c
}

// ink counts the pixels of a colour.
func ink(t *testing.T, picture []byte, of color.NRGBA) int {
	m, err := png.Decode(bytes.NewReader(picture))
	require.NoError(t, err)
	n := 0
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			if color.NRGBAModel.Convert(m.At(x, y)) == of {
				n++
			}
		}
	}
	return n
}

func TestDrawPNG(t *testing.T) {
	draw := func(curves []Curve, o Options) []byte {
		var b bytes.Buffer
		require.NoError(t, Draw(&b, "png", curves, o))
		return b.Bytes()
	}
	one := draw([]Curve{line(100)}, Options{})
	require.Equal(t, one, draw([]Curve{line(100)}, Options{}))
	m, err := png.DecodeConfig(bytes.NewReader(one))
	require.NoError(t, err)
	require.Equal(t, []int{768, 480}, []int{m.Width, m.Height})
	require.Greater(t, ink(t, one, colours[0]), 300)
	require.Zero(t, ink(t, one, colours[1]))

	two := draw([]Curve{line(100), {Label: "test/loss", X: []float64{0, 99}, Y: []float64{1, 0.5}}}, Options{LogY: true})
	require.Greater(t, ink(t, two, colours[0]), 300)
	require.Greater(t, ink(t, two, colours[1]), 300)

	// With a hole in the middle there is less of the curve.
	holed := line(100)
	for i := range 40 {
		holed.Y[20+i] = math.NaN()
	}
	require.Less(t, ink(t, draw([]Curve{holed}, Options{}), colours[0]), ink(t, one, colours[0])*3/4)
}

func TestSaveSVG(t *testing.T) {
	path := filepath.Join(t.TempDir(), "loss.svg")
	require.NoError(t, Save(path, []Curve{line(10)}, Options{Title: "A <b> & c", Smooth: 0.5}))
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	d, texts := xml.NewDecoder(f), ""
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if text, ok := token.(xml.CharData); ok {
			texts += string(text)
		}
	}
	require.Contains(t, texts, "A <b> & c")
	require.Contains(t, texts, "step")
	require.Contains(t, texts, "loss")
}

// By hand, with factor 0.5: 1; (0.5·1 + 1·3)/(0.5+1); and so on. What is between them counts nothing.
func TestSmooth(t *testing.T) {
	c := Curve{X: []float64{0, 1, 2, 3}, Y: []float64{1, 3, math.NaN(), 5}}.smooth(0.5)
	require.InDeltaSlice(t, []float64{1, 3.5 / 1.5}, c.Y[:2], 1e-15)
	require.True(t, math.IsNaN(c.Y[2]))
	require.InDelta(t, (0.25*1+0.5*3+5)/1.75, c.Y[3], 1e-15)
}

func TestThinKeepsExtremes(t *testing.T) {
	c := line(100_000)
	c.Y[54_321], c.Y[77_777] = 9, -9
	parts := c.parts(false, false, 100)
	require.Len(t, parts, 1)
	require.Len(t, parts[0].X, 200)
	require.Contains(t, parts[0].X, 54_321.0)
	require.Contains(t, parts[0].X, 77_777.0)
	require.IsIncreasing(t, parts[0].X[:2])

	gaps := Curve{X: []float64{0, 1, 2, 3, 4}, Y: []float64{1, 0, 2, math.Inf(1), 3}}
	require.Len(t, gaps.parts(false, true, 100), 3)
	require.Len(t, gaps.parts(false, false, 100), 2)
}

func TestCurves(t *testing.T) {
	value := func(name string, v float64) []summary.Value { return []summary.Value{{Name: name, Value: v}} }
	r := &history.Run{
		Steps:       []summary.Step{{Global: 1, Loss: 3, Rate: 0.1}, {Global: 2, Loss: 2, Rate: 0.05, Values: value("norm", 7)}},
		Evaluations: []summary.Evaluation{{Global: 1, Test: value("loss", 2.5)}, {Global: 3, Test: value("loss", 1)}},
		Epochs:      []summary.Epoch{{Global: 2, Train: value("loss", 2.4), Test: value("loss", 2)}},
	}
	require.Equal(t, []Curve{
		{"lenet loss", []float64{1, 2}, []float64{3, 2}},
		{"lenet train/loss", []float64{2}, []float64{2.4}},
		{"lenet test/loss", []float64{1, 2, 3}, []float64{2.5, 2, 1}},
	}, Curves("lenet", r))
	require.Equal(t, []Curve{{"norm", []float64{2}, []float64{7}}, {"rate", []float64{1, 2}, []float64{0.1, 0.05}}},
		Curves("", r, "norm", "rate", "auc"))
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{Save("loss.pdf", []Curve{line(3)}, Options{}), `plot: the file loss.pdf ends in ".pdf", want .png or .svg`},
		{Draw(io.Discard, "gif", nil, Options{}), `plot: Draw: format "gif", want png or svg`},
		{Draw(io.Discard, "png", nil, Options{}), "plot: none of the 0 curves has a point that can be drawn"},
		{Draw(io.Discard, "png", []Curve{{Label: "a", X: []float64{1}}}, Options{}), `plot: curve "a" has 1 values of x and 0 of y`},
		{Draw(io.Discard, "png", nil, Options{Smooth: 1}), "plot: Options.Smooth = 1, want 0 <= Smooth < 1"},
		{Draw(io.Discard, "png", nil, Options{Width: -1}), "plot: Options.Width = -1, want 0 to 100 inches"},
	} {
		require.EqualError(t, c.err, c.want)
	}
}
