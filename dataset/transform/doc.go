// Package transform prepares the columns of batches: one [Pipeline] that is fitted on training data, applied where
// batches are made, saved inside the model file, and applied again to what a prediction is asked for.
//
//	p := &transform.Pipeline{Ops: []transform.Op{
//		transform.Impute{Columns: []string{"age", "income"}},
//		transform.Standardize{Columns: []string{"age", "income"}},
//		transform.Vocabulary{Columns: []string{"city"}},
//		transform.OneHot{Columns: []string{"city"}},
//		transform.Concat{Columns: []string{"age", "income", "city"}, As: "x"},
//	}}
//	p, err := p.Fit(ctx, rows, group)            // means, tokens …: the same bits on any number of ranks
//	train, err := transform.Source(rows, p)      // a dataset.Source; a dataset.Blocks if rows is one
//	err = transform.Save("net.safetensors", net, p, nil)
//	p, _, err = transform.Load("net.safetensors", net)
//	err = p.Transform(batch)                     // what training applied
//
// An op is a plain struct: its columns, its numbers, and, after Fit, what was fitted. It names the columns that it
// works on; the others pass, and cost no copy. Reading order: op.go (what an op is), pipeline.go, source.go, fit.go;
// then the ops, a file for each kind; json.go and save.go.
package transform
