package images

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every Op comes back from JSON as it was, and with it a Config.
func TestJSON(t *testing.T) {
	ops := Ops{
		Sometimes{ColorJitter{0.1, 0.2, 0.3, 0.4}, 0.8}, Sometimes{Sometimes{VerticalFlip{0.3}, 0.1}, 0},
		RandomResizedCrop{224, 225, [2]float64{0.1, 1. / 3}, [2]float64{0.5, 2}, Bicubic}, HorizontalFlip{},
		Affine{[2]float64{-1, 2}, [2]float64{0.1, 0.2}, [2]float64{0.5, 1}, [2]float64{3, 4}, [2]float64{-5, 6}, true,
			[]uint8{1, 2, 3}}, Resize{3, 4, Lanczos}, ResizeShorter{5, Box}, CenterCrop{6, 7},
		RandomCrop{8, 9, 10, Reflect, 11}, ToGray{3}, ColorJitter{}, CutOut{4, []float64{0.5}}, ImageNet,
		RandomErasing{0.1, [2]float64{0.2, 0.3}, [2]float64{1, 2}, []float64{1, 2, 3}},
	}
	c := Config{Name: "photos", Gray: true, Ops: ops, Seed: 1<<64 - 1, ClassNames: []string{"a", "b"}}
	text, err := json.Marshal(c)
	require.NoError(t, err)
	var back Config
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, c, back)

	used := map[reflect.Type]bool{}
	for _, op := range append(ops, Op(VerticalFlip{})) {
		used[reflect.TypeOf(op)] = true
	}
	assert.Len(t, used, len(named), "an Op is not in this test")
}

func TestJSONErrors(t *testing.T) {
	_, err := json.Marshal(Ops{Resize{}, boom{}})
	assert.ErrorContains(t, err, "images: Ops[1] is images.boom, which has no form in JSON")
	for text, want := range map[string]string{
		`{}`:                           "images: Ops: json: cannot unmarshal object",
		`[{}]`:                         "images: Ops[0] is an object of 0 keys, want one, the name of an Op",
		`[{"Resize":{},"ToGray":{}}]`:  "images: Ops[0] is an object of 2 keys, want one, the name of an Op",
		`[{"Rotate":{}}]`:              `images: Ops[0] is "Rotate", want one of Affine, CenterCrop, `,
		`[{"Resize":{"Height":3}}]`:    `images: Ops[0], Resize: json: unknown field "Height"`,
		`[{"Resize":{"H":"3"}}]`:       "images: Ops[0], Resize: json: cannot unmarshal string",
		`[{"Sometimes":{"Op":[]}}]`:    "images: Ops[0], Sometimes: images: Sometimes has 0 Ops, want one",
		`[{"Sometimes":{"Q":[]}}]`:     `images: Ops[0], Sometimes: json: unknown field "Q"`,
		`[{"Resize":{"Filter":1000}}]`: "images: Ops[0], Resize: json: cannot unmarshal number 1000",
	} {
		var ops Ops
		assert.ErrorContains(t, json.Unmarshal([]byte(text), &ops), want, text)
	}
}

// Whatever the text, there are Ops that can be written and read again, or an error.
func FuzzJSON(f *testing.F) {
	f.Add([]byte(`[{"Resize":{"H":3,"W":4,"Filter":1}},{"Sometimes":{"Op":[{"ToGray":{"Channels":3}}],"P":0.5}}]`))
	f.Add([]byte(`[{"Normalize":{"Mean":[0.5],"Std":[0.5]}},{"Affine":{"Degrees":[-1,1],"Fill":"AQID"}}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var ops, back Ops
		if json.Unmarshal(text, &ops) != nil {
			return
		}
		again, err := json.Marshal(ops)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(again, &back))
		if form, err := (Config{Ops: ops}).check(); err == nil {
			other, err := (Config{Ops: back}).check()
			require.NoError(t, err)
			require.Equal(t, form, other)
		}
	})
}
