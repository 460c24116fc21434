package caller

import "testing"

type holder[T any] struct{}

func (h *holder[T]) method() (name string) {
	func() { name = Name("caller") }()
	return name
}

// The frames above the test are those of package testing, so the test itself is the outermost of the module.
func TestName(t *testing.T) {
	if got, want := Name("caller"), "caller: TestName"; got != want {
		t.Errorf("Name = %q, want %q", got, want)
	}
	if got, want := Name(""), "caller: TestName"; got != want {
		t.Errorf("Name of the module = %q, want %q", got, want)
	}
	if got, want := Name("tensor"), "tensor"; got != want {
		t.Errorf("Name of a package that is not on the stack = %q, want %q", got, want)
	}
	done := make(chan string)
	go func() { done <- new(holder[int]).method() }()
	if got, want := <-done, "caller: TestName"; got != want { // the goroutine's function is a literal of the test
		t.Errorf("Name in a goroutine = %q, want %q", got, want)
	}
}
