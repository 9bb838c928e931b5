package browsertest

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// Stroke is one press and release of a key, named by its place on the keyboard (W3C UI Events KeyboardEvent code values), with
// modifiers held.
type Stroke struct {
	Code  string // for example "KeyA", "Digit1", "Comma", "Enter"
	Shift bool
	Ctrl  bool
	Alt   bool
}

// Reader returns the strokes by which a document reader that emulates a US keyboard types the text: A to Z, digits, <, and the
// line ends \n (Enter) and \t (Tab). Another character is a mistake in the test, and panics.
func Reader(text string) []Stroke {
	out := make([]Stroke, 0, len(text))
	for _, c := range text {
		switch {
		case c >= 'A' && c <= 'Z':
			out = append(out, Stroke{Code: "Key" + string(c), Shift: true})
		case c >= '0' && c <= '9':
			out = append(out, Stroke{Code: "Digit" + string(c)})
		case c == '<':
			out = append(out, Stroke{Code: "Comma", Shift: true})
		case c == '\n':
			out = append(out, Stroke{Code: "Enter"})
		case c == '\t':
			out = append(out, Stroke{Code: "Tab"})
		default:
			panic(fmt.Sprintf("a document reader types no %q", c))
		}
	}
	return out
}

// key is what a key has whatever the layout.
type key struct {
	x  int    // the X server's keycode for it: Linux's code and 8
	vk int64  // Windows virtual key code
	is string // KeyboardEvent.key, for a key that no layout changes
}

var keys = func() map[string]key {
	m := map[string]key{
		"Escape": {9, 27, "Escape"}, "Backspace": {22, 8, "Backspace"}, "Tab": {23, 9, "Tab"}, "Enter": {36, 13, "Enter"},
		"NumpadEnter": {104, 13, "Enter"}, "ShiftLeft": {50, 16, "Shift"}, "ControlLeft": {37, 17, "Control"},
		"AltLeft": {64, 18, "Alt"}, "CapsLock": {66, 20, "CapsLock"}, "Space": {65, 32, " "},
		"ArrowUp": {111, 38, "ArrowUp"}, "ArrowDown": {116, 40, "ArrowDown"}, "ArrowLeft": {113, 37, "ArrowLeft"},
		"ArrowRight": {114, 39, "ArrowRight"}, "Delete": {119, 46, "Delete"}, "Home": {110, 36, "Home"}, "End": {115, 35, "End"},
		"Comma": {59, 188, ""}, "IntlBackslash": {94, 226, ""}, "Period": {60, 190, "."}, "Minus": {20, 189, "-"},
	}
	for i, row := range map[int]string{10: "1234567890", 24: "QWERTYUIOP", 38: "ASDFGHJKL", 52: "ZXCVBNM"} {
		for j, c := range row {
			name := "Key" + string(c)
			if c <= '9' {
				name = "Digit" + string(c)
			}
			m[name] = key{i + j, int64(c), ""}
		}
	}
	pad := []int{90, 87, 88, 89, 83, 84, 85, 79, 80, 81}
	for i, x := range pad {
		m["Numpad"+strconv.Itoa(i)] = key{x, int64(96 + i), strconv.Itoa(i)}
	}
	for i := range 12 {
		x := 67 + i
		if i >= 10 {
			x = 95 + i - 10
		}
		name := "F" + strconv.Itoa(i+1)
		m[name] = key{x, int64(112 + i), name}
	}
	return m
}()

func keyOf(code string) key {
	k, ok := keys[code]
	if !ok {
		panic("no key " + code + " is known: add it to keys")
	}
	return k
}

// Key presses and releases the keys in turn, as a US keyboard under the US layout.
func (p *Page) Key(strokes ...Stroke) {
	p.t.Helper()
	p.Type(LayoutUS, strokes)
}

// Type presses and releases keys through the browser's own input as they arrive when the officer's layout is l. Shift goes down and
// up only where it changes, as readers do.
func (p *Page) Type(l Layout, strokes []Stroke) {
	p.t.Helper()
	do(p, "type", func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		shift := false
		for _, s := range slices.Concat(strokes, []Stroke{{}}) {
			if s.Shift != shift {
				shift = s.Shift
				if err := sendShift(ctx, t, shift); err != nil {
					return chromedp.Void{}, err
				}
			}
			if s.Code == "" {
				break
			}
			if err := send(ctx, t, l, s); err != nil {
				return chromedp.Void{}, err
			}
		}
		return chromedp.Void{}, nil
	})
}

const modAlt, modCtrl, modShift = 1, 2, 8

func sendShift(ctx context.Context, t *chromedp.Target, down bool) error {
	k := keyOf("ShiftLeft")
	p := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyUp, Code: "ShiftLeft", Key: k.is,
		WindowsVirtualKeyCode: k.vk, NativeVirtualKeyCode: int64(k.x), Location: 1}
	if down {
		p.Type, p.Modifiers = input.DispatchKeyEventTypeRawKeyDown, modShift
	}
	_, err := cdp.Call(ctx, t, input.DispatchKeyEvent, p)
	return err
}

func send(ctx context.Context, t *chromedp.Target, l Layout, s Stroke) error {
	k := keyOf(s.Code)
	text := k.is
	if text == "" {
		text = l.Text(s.Code, s.Shift)
	}
	p := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeRawKeyDown, Code: s.Code, Key: text,
		WindowsVirtualKeyCode: k.vk, NativeVirtualKeyCode: int64(k.x)}
	for mod, held := range map[int64]bool{modAlt: s.Alt, modCtrl: s.Ctrl, modShift: s.Shift} {
		if held {
			p.Modifiers |= mod
		}
	}
	switch {
	case s.Ctrl || s.Alt:
	case text == "Enter":
		p.Type, p.Text = input.DispatchKeyEventTypeKeyDown, "\r"
	case len([]rune(text)) == 1:
		p.Type, p.Text = input.DispatchKeyEventTypeKeyDown, text
	}
	if _, err := cdp.Call(ctx, t, input.DispatchKeyEvent, p); err != nil {
		return err
	}
	p.Type, p.Text = input.DispatchKeyEventTypeKeyUp, ""
	_, err := cdp.Call(ctx, t, input.DispatchKeyEvent, p)
	return err
}
