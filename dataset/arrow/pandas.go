package arrow

import (
	"encoding/json"
	"fmt"
	"regexp"

	"github.com/apache/arrow/go/v15/arrow"
)

// unnamedIndex is what pandas calls an index that has no name.
var unnamedIndex = regexp.MustCompile(`^__index_level_\d+__$`)

// indexColumns returns which columns hold the index of a pandas DataFrame: row labels that pandas wrote as columns.
// They are those with pandas' own names for an index, and those that its metadata names, {"index_columns": ["name",
// …]}; an index that is only a range stands there as an object, and in no column.
func indexColumns(s *arrow.Schema) (map[string]bool, error) {
	found := map[string]bool{}
	for _, f := range s.Fields() {
		if unnamedIndex.MatchString(f.Name) {
			found[f.Name] = true
		}
	}
	meta := s.Metadata()
	at := meta.FindKey("pandas")
	if at < 0 {
		return found, nil
	}
	var pandas struct {
		IndexColumns []any `json:"index_columns"`
	}
	if err := json.Unmarshal([]byte(meta.Values()[at]), &pandas); err != nil {
		return nil, fmt.Errorf("the schema's pandas metadata: %w", err)
	}
	for _, column := range pandas.IndexColumns {
		if name, ok := column.(string); ok {
			found[name] = true
		}
	}
	return found, nil
}
