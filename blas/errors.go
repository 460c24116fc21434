// What the checks panic with: gonum's messages, word for word, so that a program may change implementations unawares.

package blas

const (
	zeroIncX = "blas: zero x index increment"
	zeroIncY = "blas: zero y index increment"

	mLT0 = "blas: m < 0"
	nLT0 = "blas: n < 0"
	kLT0 = "blas: k < 0"

	kLLT0 = "blas: kL < 0"
	kULT0 = "blas: kU < 0"

	badUplo      = "blas: illegal triangle"
	badTranspose = "blas: illegal transpose"
	badDiag      = "blas: illegal diagonal"
	badSide      = "blas: illegal side"

	badLdA = "blas: bad leading dimension of A"
	badLdB = "blas: bad leading dimension of B"
	badLdC = "blas: bad leading dimension of C"

	batchLT0       = "blas: batch < 0"
	badBatchStride = "blas: negative stride of a batch"
	badBatch       = "blas: batches of A, B and C differ in length"
	badRowBias     = "blas: length of RowBias is not m"
	badColBias     = "blas: length of ColBias is not n"

	shortX = "blas: insufficient length of x"
	shortY = "blas: insufficient length of y"
	shortA = "blas: insufficient length of a"
	shortB = "blas: insufficient length of b"
	shortC = "blas: insufficient length of c"

	shortAP = "blas: insufficient length of ap"
)
