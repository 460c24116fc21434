package textfile

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/tutti-ml/tutti/dataset/table"
)

// Every day of the years 0 to 9999 is package time's, and so is which days there are.
func TestDays(t *testing.T) {
	day := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	for n := day.Unix() / 86400; day.Year() < 10000; n++ {
		if got := daysSince1970(day.Year(), int(day.Month()), day.Day()); got != n {
			t.Fatalf("daysSince1970(%v) = %d, want %d", day.Format(time.DateOnly), got, n)
		}
		next := day.AddDate(0, 0, 1)
		if last := next.Month() != day.Month(); last != (day.Day() == daysIn(day.Year(), int(day.Month()))) {
			t.Fatalf("daysIn(%d, %d) = %d", day.Year(), day.Month(), daysIn(day.Year(), int(day.Month())))
		}
		day = next
	}
}

func TestFixed(t *testing.T) {
	for _, c := range []struct {
		in            string
		digits, scale int
		want          int64
		fails         bool
	}{
		{"1.5", 5, 2, 150, false}, {"-0.05", 5, 2, -5, false}, {"1.500", 5, 1, 15, false}, {"1.505", 5, 2, 0, true}, {"1000",
			5, 2, 0, true},
		{"999.99", 5, 2, 99999, false}, {"999999999999999999", 18, 0, 999999999999999999, false}, {"-999999999999999999", 18,
			0, -999999999999999999, false},
		{"1000000000000000000", 18, 0, 0, true}, {"10000000000000000000", 0, 0, 0, true}, {"18446744073709551616", 0, 0, 0,
			true},
		{"99999999999999999", 18, 2, 0, true}, {"1200", 5, -2, 12, false}, {"1250", 5, -2, 0, true}, {"+7.", 3, 0, 7, false},
		{".25", 3, 2, 25, false},
	} {
		got, err := Fixed([]byte(c.in), '.', table.Type{Kind: table.Decimal, Digits: c.digits, Scale: c.scale})
		assert.Equal(t, c.want, got, "Fixed(%s, decimal(%d,%d))", c.in, c.digits, c.scale)
		assert.Equal(t, c.fails, err != nil, "Fixed(%s, decimal(%d,%d)): %v", c.in, c.digits, c.scale, err)
	}
}
