package train

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// This file reads triggers from text, as flags and job files have them.

// ParseTrigger returns the trigger that a text describes, in small or capital letters:
//
//	every epoch   every 100 steps   every 30 seconds   every 10m
//	after 20 epochs   after 5000 steps   after 2h30m   loss < 0.05   score > 0.99   never
//	A and B   A or B   (A and B) or C
//
// "and" and "or" do not stand beside each other without parentheses.
func ParseTrigger(text string) (Trigger, error) {
	p := triggerParser{words: triggerWords(text)}
	t, err := p.list(0)
	if err == nil && len(p.words) > 0 {
		err = fmt.Errorf("%q is one too many", p.words[0])
	}
	if err == nil {
		err = t.check()
	}
	if err != nil {
		return nil, fmt.Errorf("train: trigger %q: %w", text, err)
	}
	return t, nil
}

// triggerWords cuts a text at spaces, and parentheses and signs from what is beside them.
func triggerWords(text string) []string {
	spaced := strings.NewReplacer("(", " ( ", ")", " ) ", "<", " < ", ">", " > ").Replace(strings.ToLower(text))
	return strings.Fields(spaced)
}

type triggerParser struct{ words []string } // that are left

// next takes a word; "" at the end.
func (p *triggerParser) next() string {
	if len(p.words) == 0 {
		return ""
	}
	w := p.words[0]
	p.words = p.words[1:]
	return w
}

// maxNesting keeps a text of parentheses alone from using the stack up.
const maxNesting = 32

// list reads triggers with one word, "and" or "or", between them.
func (p *triggerParser) list(depth int) (Trigger, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("parentheses are more than %d deep", maxNesting)
	}
	var all []Trigger
	word := ""
	for {
		t, err := p.one(depth)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
		if len(p.words) == 0 || p.words[0] != "and" && p.words[0] != "or" {
			break
		}
		if w := p.next(); word != "" && w != word {
			return nil, fmt.Errorf("%q beside %q needs parentheses", w, word)
		} else {
			word = w
		}
	}
	switch {
	case word == "and":
		return And(all...), nil
	case word == "or":
		return Or(all...), nil
	}
	return all[0], nil
}

// one reads a trigger, or a list in parentheses.
func (p *triggerParser) one(depth int) (Trigger, error) {
	switch w := p.next(); w {
	case "":
		return nil, fmt.Errorf("it ends where a trigger should be")
	case "(":
		t, err := p.list(depth + 1)
		if err == nil && p.next() != ")" {
			err = fmt.Errorf("a parenthesis is not closed")
		}
		return t, err
	case "never":
		return Never(), nil
	case "loss", "score":
		return p.limit(w)
	case "every", "after":
		return p.count(w)
	default:
		return nil, fmt.Errorf("%q is no begin of a trigger, want every, after, loss, score or never", w)
	}
}

// limit reads what follows loss or score.
func (p *triggerParser) limit(of string) (Trigger, error) {
	sign := map[string]string{"loss": "<", "score": ">"}[of]
	if got := p.next(); got != sign {
		return nil, fmt.Errorf("%s %q, want %s %s NUMBER", of, got, of, sign)
	}
	text := p.next()
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, fmt.Errorf("%s %s %q, want a number", of, sign, text)
	}
	if of == "loss" {
		return MinLoss(x), nil
	}
	return MaxScore(x), nil
}

// count reads what follows every or after.
func (p *triggerParser) count(when string) (Trigger, error) {
	text := p.next()
	if when == "every" && text == "epoch" {
		return EveryEpoch(), nil
	}
	if d, err := time.ParseDuration(text); err == nil && text != "0" {
		if when == "every" {
			return EverySeconds(d.Seconds()), nil
		}
		return MaxTime(d), nil
	}
	unit := p.next()
	if unit == "second" || unit == "seconds" {
		seconds, err := strconv.ParseFloat(text, 64)
		switch {
		case err != nil:
		case when == "every":
			return EverySeconds(seconds), nil
		case seconds > 0 && seconds < 1e9:
			return MaxTime(time.Duration(seconds * 1e9)), nil
		}
	}
	if n, err := strconv.Atoi(text); err == nil {
		switch when + " " + strings.TrimSuffix(unit, "s") {
		case "every step":
			return EverySteps(n), nil
		case "after step":
			return MaxSteps(n), nil
		case "after epoch":
			return MaxEpoch(n), nil
		}
	}
	if when == "every" {
		return nil, fmt.Errorf("%q, want every epoch, every N steps or every TIME", when+" "+text+" "+unit)
	}
	return nil, fmt.Errorf("%q, want after N epochs, after N steps or after TIME", when+" "+text+" "+unit)
}
