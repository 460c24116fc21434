package plot

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/tutti-ml/tutti/internal/atomicfile"
)

// Options say how curves are drawn. The zero value is a plain picture of 8 by 5 inches.
type Options struct {
	Title string
	X, Y  string // what the axes show. Default "step" and nothing
	// LogX, LogY make an axis logarithmic. Points that are not above 0 are then gaps.
	LogX, LogY bool
	// Smooth is TensorBoard's slider: 0 (default) for the curves as they are, to below 1. The curves as they are stay
	// behind it, in pale.
	Smooth float64
	// Width and Height are inches, of 96 pixels in a PNG. Default 8 and 5, at most 100.
	Width, Height float64
}

// Validate reports the first field that cannot work.
func (o Options) Validate() error {
	switch {
	case !(o.Smooth >= 0 && o.Smooth < 1):
		return fmt.Errorf("plot: Options.Smooth = %v, want 0 <= Smooth < 1", o.Smooth)
	case !(o.Width >= 0 && o.Width <= 100):
		return fmt.Errorf("plot: Options.Width = %v, want 0 to 100 inches", o.Width)
	case !(o.Height >= 0 && o.Height <= 100):
		return fmt.Errorf("plot: Options.Height = %v, want 0 to 100 inches", o.Height)
	}
	return nil
}

// Save draws curves to the file path, whose name ends in .png or .svg. The file is replaced in one step.
func Save(path string, curves []Curve, o Options) error {
	format := strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), ".")
	if format != "png" && format != "svg" {
		return fmt.Errorf("plot: the file %s ends in %q, want .png or .svg", path, filepath.Ext(path))
	}
	err := atomicfile.Write(path, func(w io.Writer) error { return Draw(w, format, curves, o) })
	if err != nil {
		return fmt.Errorf("plot: %s: %w", path, err)
	}
	return nil
}

// Draw writes a picture of curves; format is "png" or "svg". It is a function of its arguments: the same ones give the
// same bytes. It is an error if no curve has a point that can be drawn.
func Draw(w io.Writer, format string, curves []Curve, o Options) error {
	if err := o.Validate(); err != nil {
		return err
	}
	if format != "png" && format != "svg" {
		return fmt.Errorf("plot: Draw: format %q, want png or svg", format)
	}
	if o.Width == 0 {
		o.Width = 8
	}
	if o.Height == 0 {
		o.Height = 5
	}
	p, err := o.plot(curves)
	if err != nil {
		return err
	}
	out, err := p.WriterTo(vg.Length(o.Width)*vg.Inch, vg.Length(o.Height)*vg.Inch, format)
	if err == nil {
		_, err = out.WriteTo(w)
	}
	if err != nil {
		return fmt.Errorf("plot: Draw: %w", err)
	}
	return nil
}

// colours are those of Okabe and Ito, which people who do not see all colours tell apart, without black and yellow.
var colours = []color.NRGBA{{0, 114, 178, 255}, {213, 94, 0, 255}, {0, 158, 115, 255}, {204, 121, 167, 255}, {230, 159, 0, 255},
	{86, 180, 233, 255}}

// dashes tell curves apart once the colours are used up.
var dashes = [][]vg.Length{nil, {vg.Points(6), vg.Points(3)}, {vg.Points(2), vg.Points(2)}}

// maxPoints is how many runs of points a part of a curve is thinned to: more than a picture has columns.
const maxPoints = 2000

func (o Options) plot(curves []Curve) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = o.Title, o.X, o.Y
	if o.X == "" {
		p.X.Label.Text = "step"
	}
	for _, f := range []*draw.TextStyle{&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label,
		&p.Y.Tick.Label, &p.Legend.TextStyle} {
		f.Font.Variant = "Sans"
	}
	p.Title.TextStyle.Font.Size, p.Title.Padding = vg.Points(14), vg.Points(8)
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = color.Gray{230}, color.Gray{230}
	p.Add(grid)
	drawn := 0
	for i, c := range curves {
		if len(c.X) != len(c.Y) {
			return nil, fmt.Errorf("plot: curve %q has %d values of x and %d of y", c.Label, len(c.X), len(c.Y))
		}
		style := draw.LineStyle{Color: colours[i%len(colours)], Width: vg.Points(1.5),
			Dashes: dashes[i/len(colours)%len(dashes)]}
		if o.Smooth > 0 {
			pale := style
			behind := colours[i%len(colours)]
			behind.A = 70
			pale.Color, pale.Width, pale.Dashes = behind, vg.Points(1), nil
			if _, err := o.line(p, c, pale); err != nil {
				return nil, err
			}
			c = c.smooth(o.Smooth)
		}
		n, err := o.line(p, c, style)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			p.Legend.Add(c.Label, key{style})
		}
		drawn += n
	}
	if drawn == 0 {
		return nil, fmt.Errorf("plot: none of the %d curves has a point that can be drawn", len(curves))
	}
	p.Legend.Top, p.Legend.XOffs, p.Legend.YOffs = true, -vg.Points(6), -vg.Points(4)
	p.Legend.Padding = vg.Points(2)
	scale(&p.X, o.LogX)
	scale(&p.Y, o.LogY)
	return p, nil
}

// line adds c, and returns how many parts it has. A part of one point is a dot.
func (o Options) line(p *plot.Plot, c Curve, style draw.LineStyle) (int, error) {
	parts := c.parts(o.LogX, o.LogY, maxPoints)
	for _, part := range parts {
		points := make(plotter.XYs, len(part.X))
		for i := range points {
			points[i].X, points[i].Y = part.X[i], part.Y[i]
		}
		if len(points) == 1 {
			dot, err := plotter.NewScatter(points)
			if err != nil {
				return 0, fmt.Errorf("plot: curve %q: %w", c.Label, err)
			}
			dot.GlyphStyle = draw.GlyphStyle{Color: style.Color, Radius: 2 * style.Width, Shape: draw.CircleGlyph{}}
			p.Add(dot)
			continue
		}
		line, err := plotter.NewLine(points)
		if err != nil {
			return 0, fmt.Errorf("plot: curve %q: %w", c.Label, err)
		}
		line.LineStyle = style
		p.Add(line)
	}
	return len(parts), nil
}

// key is a curve's line in the legend.
type key struct{ style draw.LineStyle }

// Thumbnail draws it.
func (k key) Thumbnail(c *draw.Canvas) {
	y := c.Center().Y
	c.StrokeLine2(k.style, c.Min.X, y, c.Max.X, y)
}

// scale leaves room round the values of an axis, and makes it logarithmic if asked.
func scale(a *plot.Axis, log bool) {
	if !log {
		if a.Min == a.Max {
			room := max(math.Abs(a.Min)/10, 1e-3)
			a.Min, a.Max = a.Min-room, a.Max+room
		}
		return
	}
	if a.Min == a.Max {
		a.Min, a.Max = a.Min/2, a.Max*2
	}
	a.Scale = plot.LogScale{}
	if a.Max/a.Min >= 10 { // of less than a decade, the ticks of a linear axis
		a.Tick.Marker = plot.LogTicks{Prec: -1}
	}
}
