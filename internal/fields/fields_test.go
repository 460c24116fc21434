package fields

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tutti-ml/tutti/internal/option"
)

type shade uint8

type options struct {
	Hidden     []int
	DropoutPer float64
	Small      bool
	Classes    int
	Title      string
	Ids        []int64
	Shade      shade // has no text
	inner      int
}

func TestSet(t *testing.T) {
	o := options{Classes: 7, inner: 1}
	require.Equal(t, []string{"hidden", "dropout-per", "small", "title", "ids"}, Names(o, "Classes"))
	got, err := Set(o, map[string]any{"hidden": "64, 32", "dropout_per": 0, "SMALL": "true", "title": "a", "ids": []any{1, "2"}},
		"Classes")
	require.NoError(t, err)
	require.Equal(t, options{Hidden: []int{64, 32}, DropoutPer: option.Zero, Small: true, Title: "a", Ids: []int64{1, 2},
		Classes: 7, inner: 1}, got)
	require.Equal(t, options{Classes: 7, inner: 1}, o, "the original")
	got, err = Set(options{Hidden: []int{5}}, map[string]any{"hidden": ""})
	require.NoError(t, err)
	require.Equal(t, options{Hidden: []int{}}, got)
	got, err = Set(nil, nil)
	require.NoError(t, err)
	require.Nil(t, got)
}

func TestSetErrors(t *testing.T) {
	for want, values := range map[string]map[string]any{
		`there is no "hiden", the nearest is "hidden" of hidden, dropout-per, small, title, ids`: {"hiden": 1},
		`there is no "classes", the nearest is `:                                                 {"classes": 1},
		`hidden: "x", want a whole number`:                                                       {"hidden": "1,x"},
		`dropout-per: "NaN", want a number`:                                                      {"dropout-per": "NaN"},
		`small: "maybe", want true or false`:                                                     {"small": "maybe"},
		`"dropout_per" and "dropoutper" are the same`:                                            {"dropout_per": 1, "dropoutper": 2},
		`there is no "shade"`:                                                                    {"shade": 1},
	} {
		_, err := Set(options{}, values, "Classes")
		require.ErrorContains(t, err, want)
	}
	_, err := Set(nil, map[string]any{"a": 1})
	require.ErrorContains(t, err, `there are no options, and "a" is one`)
}
