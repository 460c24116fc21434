package main

// The columns of predictions, from what a model returns.

import (
	"context"
	"fmt"
	"math"

	"github.com/tutti-ml/tutti/dataset"
	"github.com/tutti-ml/tutti/dataset/table"
	"github.com/tutti-ml/tutti/tensor"
)

// fields returns the columns of predictions.
func (p *prediction) fields() table.Schema {
	y := p.model.Layout.Target
	float := table.Type{Kind: table.Float32}
	is := table.Field{Name: p.prefix + "prediction", Type: table.Type{Kind: table.Int}}
	s := table.Schema{is}
	switch p.model.Layout.Task {
	case taskClassification:
		if y.ClassNames != nil {
			s[0].Type = table.Type{Kind: table.Text}
		}
		s = append(s, table.Field{Name: p.prefix + "probability", Type: float})
		if p.probabilities {
			for class := range y.Classes {
				s = append(s, table.Field{Name: p.prefix + "probability_" + className(y, class), Type: float})
			}
		}
	case taskBinary:
		s[0].Type = table.Type{Kind: table.Bool}
		s = append(s, table.Field{Name: p.prefix + "probability", Type: float})
	case taskNextWord:
		s[0].Type = table.Type{Kind: table.List, Elem: new(is.Type)}
	default:
		if s[0].Type = float; p.outputs() > 1 {
			s[0].Type = table.Type{Kind: table.List, Elem: new(float)}
		}
	}
	return s
}

func (p *prediction) outputs() int { return p.model.Layout.data().Outputs }

// className is the name of a class, or its number.
func className(c column, class int) string {
	if class < len(c.ClassNames) {
		return c.ClassNames[class]
	}
	return fmt.Sprint(class)
}

// score writes rows [lo, hi) of the input with their predictions.
func (p *prediction) score(ctx context.Context, w table.Writer, lo, hi int) error {
	var batch dataset.Batch
	var kept, out table.Rows
	index := make([]int, 0, p.batch)
	for ; lo < hi; lo += len(index) {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		index = index[:0]
		for i := lo; i < min(lo+p.batch, hi); i++ {
			index = append(index, i)
		}
		if err := batch.Fill(p.src, index); err != nil {
			return err
		}
		if err := readRows(ctx, p.in, lo, lo+len(index), p.keep, &kept); err != nil {
			return err
		}
		y, err := p.predictor.PredictBatch(&batch)
		if err != nil {
			return err
		}
		out.Reset(p.schema)
		for i := range kept.Columns {
			out.Columns[i].AppendFrom(&kept.Columns[i], 0, len(index))
		}
		p.fill(out.Columns[len(p.keep):], tensor.Data[float32](y.Contiguous()), len(index))
		out.N = len(index)
		if err := w.Write(ctx, &out); err != nil {
			return err
		}
	}
	return nil
}

// fill appends the predictions for n rows, of which y has the outputs.
func (p *prediction) fill(dst []table.Column, y []float32, n int) {
	target, width := p.model.Layout.Target, len(y)/n
	var odds []float64
	for i := range n {
		row := y[i*width : (i+1)*width]
		switch p.model.Layout.Task {
		case taskClassification:
			odds = softmax(odds[:0], row)
			best := largest(row)
			if target.ClassNames != nil {
				dst[0].AppendString(className(target, best))
			} else {
				dst[0].AppendInt(int64(best))
			}
			dst[1].AppendFloat(odds[best])
			for class := 0; p.probabilities && class < target.Classes; class++ {
				dst[2+class].AppendFloat(odds[class])
			}
		case taskBinary:
			yes := int64(0)
			if row[0] > 0 {
				yes = 1
			}
			dst[0].AppendInt(yes)
			dst[1].AppendFloat(1 / (1 + math.Exp(-float64(row[0]))))
		case taskNextWord:
			words := p.outputs()
			for at := 0; at < len(row); at += words {
				dst[0].Elem.AppendInt(int64(largest(row[at : at+words])))
			}
			dst[0].AppendList()
		default:
			if width == 1 {
				dst[0].AppendFloat(float64(row[0]))
				continue
			}
			for _, v := range row {
				dst[0].Elem.AppendFloat(float64(v))
			}
			dst[0].AppendList()
		}
	}
}

// largest returns the place of the largest logit, the first of equal ones.
func largest(row []float32) int {
	best := 0
	for i, v := range row {
		if v > row[best] {
			best = i
		}
	}
	return best
}

// softmax appends the probabilities of logits, computed in float64.
func softmax(dst []float64, row []float32) []float64 {
	top, sum := float64(row[largest(row)]), 0.0
	for _, v := range row {
		e := math.Exp(float64(v) - top)
		dst, sum = append(dst, e), sum+e
	}
	for i := range dst {
		dst[i] /= sum
	}
	return dst
}

// readRows reads rows [lo, hi) of a table, counted over all blocks, of some columns.
func readRows(ctx context.Context, t table.Table, lo, hi int, columns []int, dst *table.Rows) error {
	dst.Reset(t.Schema().Pick(columns))
	if len(columns) == 0 {
		dst.N = hi - lo
		return nil
	}
	var part table.Rows
	first := 0
	for block, size := range t.Blocks() {
		from, to := max(lo-first, 0), min(hi-first, size)
		first += size
		if from >= to {
			continue
		}
		if err := t.Read(ctx, block, from, to, columns, &part); err != nil {
			return err
		}
		dst.Append(&part, 0, part.N)
	}
	return nil
}
