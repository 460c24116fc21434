package gradtest

// The areas of the table, for tests.
var (
	Basics, Arithmetic, Reductions = basics, arithmetic, reductions
	Shaping, Indexing, Products    = shaping, indexing, products
	Convolutions, Norms            = convolutions, norms
)
