package conv

// This file cuts the output pixels of a convolution into panels. A panel is a matrix with a column for every pixel and a
// row for every tap of a filter, on which the convolution is a matrix product. The cut depends on the shape alone.

// panels describes the cut: several whole images a panel where they are small, several panels an image where it is large.
type panels struct {
	taps    int // rows of a panel: C/Groups·R·S
	area    int // output pixels of an image
	images  int // images a panel; 1 if an image is cut
	rows    int // output rows of each image a panel; all of them if images > 1
	stripes int // panels an image; 1 if images > 1
	count   int // panels in all
}

// A panel with fewer columns than minColumns spends its time packing filters; one with more than maxColumns, or larger than
// panelSize, gains nothing, leaves the cache, and leaves threads without a panel.
const (
	minColumns = 256
	maxColumns = 2048
	panelSize  = 256 << 10 // elements
)

func cut(s Shape) panels {
	outH, outW := s.outH(), s.outW()
	p := panels{taps: s.C / s.Groups * s.R * s.S, area: outH * outW, images: 1, rows: outH, stripes: 1}
	columns := min(max(panelSize/p.taps, minColumns), maxColumns)
	switch {
	case p.area >= 2*columns: // cut images evenly
		stripes := p.area / columns
		p.rows = ceil(outH, min(stripes, outH))
		p.stripes = ceil(outH, p.rows)
	case !s.pointwise() || p.area < minColumns/4: // join them; pointwise ones need no copy unless they are tiny
		p.images = even(s.N, max(columns/p.area, 1))
	}
	p.count = ceil(s.N, p.images) * p.stripes
	return p
}

// cutFused is cut for products that gather their patches themselves. A panel takes no memory then, and where filters are so many
// that a product packs them, a panel is long enough to make up for it.
func cutFused(s Shape) panels {
	p := cut(s)
	if p.taps*(s.K/s.Groups) > packedFilters && p.stripes == 1 && !s.pointwise() {
		p.images = max(1, maxColumns/2/p.area)
		p.images = ceil(s.N, ceil(s.N, p.images))
		p.count = ceil(s.N, p.images)
	}
	return p
}

// packedFilters is how many elements of filters a product reads where they lie, about; it packs more.
const packedFilters = 256 * 256

// even returns a number of images a panel, at most most, such that n images make one panel, or a multiple of four, or nearly,
// which few threads share fairly.
func even(n, most int) int {
	if n <= most {
		return max(n, 1)
	}
	return ceil(n, min(ceil(ceil(n, most), 4)*4, n))
}

// at returns the images [n0, n1) and output rows [h0, h1) of panel i.
func (p panels) at(s Shape, i int) (n0, n1, h0, h1 int) {
	n0 = i / p.stripes * p.images
	h0 = i % p.stripes * p.rows
	return n0, min(n0+p.images, s.N), h0, min(h0+p.rows, s.outH())
}

// pointwise reports whether a panel of one image is the image itself.
func (s Shape) pointwise() bool {
	return s.R == 1 && s.S == 1 && s.StrideH == 1 && s.StrideW == 1 && s.PadH == 0 && s.PadW == 0
}

func ceil(a, b int) int { return (a + b - 1) / b }
