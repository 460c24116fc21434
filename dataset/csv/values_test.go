package csv

import (
	"testing"
	"time"
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
