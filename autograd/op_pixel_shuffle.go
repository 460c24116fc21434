package autograd

// PixelShuffle makes r·r channels one that is r times as high and wide: the way from features to a larger image that learns what an
// interpolation assumes. Source: Shi et al., arXiv:1609.05158.
//
//	x [N, C·r·r, H, W]   result [N, C, H·r, W·r]
func PixelShuffle(x *Var, r int) *Var {
	if x.Rank() != 4 || r < 1 || x.Dim(1)%(r*r) != 0 {
		permuteOp.panicf("PixelShuffle: x %v by %d: want [N, C·%d, H, W]", x.Shape(), r, r*r)
	}
	n, c, h, w := x.Dim(0), x.Dim(1)/(r*r), x.Dim(2), x.Dim(3)
	return Reshape(Permute(Reshape(x, n, c, r, r, h, w), 0, 1, 4, 2, 5, 3), n, c, h*r, w*r)
}

// PixelUnshuffle is PixelShuffle backwards.
//
//	x [N, C, H·r, W·r]   result [N, C·r·r, H, W]
func PixelUnshuffle(x *Var, r int) *Var {
	if x.Rank() != 4 || r < 1 || x.Dim(2)%r != 0 || x.Dim(3)%r != 0 {
		permuteOp.panicf("PixelUnshuffle: x %v by %d: want [N, C, H·%d, W·%d]", x.Shape(), r, r, r)
	}
	n, c, h, w := x.Dim(0), x.Dim(1), x.Dim(2)/r, x.Dim(3)/r
	return Reshape(Permute(Reshape(x, n, c, h, r, w, r), 0, 1, 3, 5, 2, 4), n, c*r*r, h, w)
}

// ChannelShuffle deals the channels out anew among groups: the first of every group, then the second of every group, and so on.
// Source: Zhang et al., "ShuffleNet", arXiv:1707.01083.
//
//	x [N, C, H, W]   result [N, C, H, W]
func ChannelShuffle(x *Var, groups int) *Var {
	if x.Rank() < 2 || groups < 1 || x.Dim(1)%groups != 0 {
		permuteOp.panicf("ChannelShuffle: x %v in %d groups: want [N, C, ...] with C a multiple", x.Shape(), groups)
	}
	n, c := x.Dim(0), x.Dim(1)
	rest := x.Len() / max(n*c, 1)
	return Reshape(Permute(Reshape(x, n, groups, c/groups, rest), 0, 2, 1, 3), x.Shape()...)
}
