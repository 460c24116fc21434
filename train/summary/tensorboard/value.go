package tensorboard

import (
	"fmt"
	"time"
)

// The fields of a Summary.Value: a tag, and one of the others.
const (
	valueTag       = 1
	valueSimple    = 2
	valueImage     = 4
	valueHistogram = 5
	valueTensor    = 8
	valueMetadata  = 9
)

// appendScalar appends to a Summary a value of one float.
func appendScalar(b []byte, tag string, v float64) []byte {
	b, at := open(b, 1)
	b = appendString(b, valueTag, tag)
	b = appendOneFloat(b, valueSimple, float32(v))
	return shut(b, at)
}

// Scalar writes one point of the curve called tag. TensorBoard keeps it as a float32; NaN and infinities are kept, and
// left out of the curve. Curves whose tags have the part before a slash in common are shown together.
func (w *Writer) Scalar(tag string, v float64, step int64) error {
	return w.ScalarAt(time.Time{}, tag, v, step)
}

// ScalarAt is Scalar for what happened at another time than now.
func (w *Writer) ScalarAt(at time.Time, tag string, v float64, step int64) error {
	if err := checkTag(tag); err != nil {
		return err
	}
	return w.write(at, step, func(b []byte) []byte {
		b, sum := open(b, eventSummary)
		return shut(appendScalar(b, tag, v), sum)
	})
}

// Text writes a text, which TensorBoard reads as Markdown. It stands under tag+"/text_summary", as that of
// PyTorch's SummaryWriter does.
func (w *Writer) Text(tag, text string, step int64) error {
	if err := checkTag(tag); err != nil {
		return err
	}
	return w.write(time.Time{}, step, func(b []byte) []byte {
		b, sum := open(b, eventSummary)
		b, value := open(b, 1)
		b = appendString(b, valueTag, tag+"/text_summary")
		b, t := open(b, valueTensor)
		b = appendInt(b, 1, 7) // dtype: DT_STRING
		b, shape := open(b, 2)
		b, dim := open(b, 2)
		b = appendInt(b, 1, 1)
		b = shut(shut(b, dim), shape)
		b = appendOneString(b, 8, text) // string_val
		b = shut(b, t)
		b = appendPlugin(b, "text", nil)
		return shut(shut(b, value), sum)
	})
}

// appendPlugin appends to a value the metadata that say which part of TensorBoard shows it.
func appendPlugin(b []byte, name string, content []byte) []byte {
	b, meta := open(b, valueMetadata)
	b, plugin := open(b, 1)
	b = appendString(b, 1, name)
	b = appendString(b, 2, content)
	return shut(shut(b, plugin), meta)
}

func checkTag(tag string) error {
	if tag == "" {
		return fmt.Errorf("tensorboard: the tag is empty, want the name of a curve, a picture or a text")
	}
	return nil
}
