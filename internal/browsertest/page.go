package browsertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Page is one window with cookies and storage of its own, like another officer's machine. It is used from one goroutine.
type Page struct {
	t       testing.TB
	ctx     context.Context
	timeout time.Duration

	mu       sync.Mutex // guards what the browser's event loop writes
	problems []string
	urls     map[network.RequestID]string
	expected []*regexp.Regexp
	loaded   []Load
}

// Page opens a page that shares nothing with the others. At the end of the test it is closed, and the test fails if it had a problem
// that no Expect names.
func (b *Browser) Page() *Page {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	p := &Page{t: b.t, ctx: ctx, timeout: b.timeout, urls: map[network.RequestID]string{}}
	b.t.Cleanup(func() {
		p.settle()
		for _, s := range p.Problems() {
			b.t.Errorf("page: %s", s)
		}
		cancel()
	})
	late := time.AfterFunc(b.timeout, cancel)
	defer late.Stop()
	if err := chromedp.Listen(ctx, p.event); err != nil {
		b.t.Fatalf("open page: %v", err)
	}
	return p
}

// settle lets the browser tell what it has noted so far: it answers after that. A page that is gone has told all.
func (p *Page) settle() {
	ctx, cancel := context.WithTimeout(p.ctx, 2*time.Second)
	defer cancel()
	_ = chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void]("0"))
}

// In makes the page's steps report to a subtest until the subtest ends.
func (p *Page) In(t testing.TB) {
	outer := p.t
	p.t = t
	t.Cleanup(func() { p.t = outer })
}

// event notes what went wrong in the page. It runs on the browser's event loop and returns at once.
func (p *Page) event(ev any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		p.note("exception: %s", describe(ev.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if ev.Type == runtime.ConsoleAPICalledTypeError || ev.Type == runtime.ConsoleAPICalledTypeAssert {
			p.note("console.%s: %s", ev.Type, arguments(ev.Args))
		}
	case *log.EventEntryAdded:
		// The network's own entries say less than the events below: which request, and why.
		if ev.Entry.Level == log.EntryLevelError && ev.Entry.Source != log.EntrySourceNetwork {
			p.note("%s: %s (%s)", ev.Entry.Source, ev.Entry.Text, ev.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		p.urls[ev.RequestID] = ev.Request.URL
	case *network.EventResponseReceived:
		if ev.Response.Status >= 400 {
			p.note("request: %d from %s", ev.Response.Status, ev.Response.URL)
		}
	case *network.EventLoadingFailed:
		if !ev.Canceled {
			p.note("request: %s%s at %s", ev.ErrorText, ev.BlockedReason, p.urls[ev.RequestID])
		}
	case *network.EventLoadingFinished:
		p.loaded = append(p.loaded, Load{URL: p.urls[ev.RequestID], Bytes: int(ev.EncodedDataLength)})
		delete(p.urls, ev.RequestID)
	}
}

func (p *Page) note(format string, args ...any) {
	const most = 100 // a page in a loop of errors has said enough
	if len(p.problems) < most {
		p.problems = append(p.problems, fmt.Sprintf(format, args...))
	}
}

// Expect says that problems which match the pattern are part of the test.
func (p *Page) Expect(pattern string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected = append(p.expected, regexp.MustCompile(pattern))
}

// Problems returns the problems so far that no Expect names.
func (p *Page) Problems() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
next:
	for _, s := range p.problems {
		for _, e := range p.expected {
			if e.MatchString(s) {
				continue next
			}
		}
		out = append(out, s)
	}
	return out
}

// Navigate opens the URL and waits until it has loaded.
func (p *Page) Navigate(url string) {
	p.t.Helper()
	do(p, "navigate to "+url, chromedp.Navigate(url))
}

// Eval returns the value of a JavaScript expression, of its promise if it is one. T must be what the expression's JSON decodes to;
// chromedp.Void discards the value. The page's content security policy does not apply to it.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	return do(p, "evaluate "+short(expression), chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// WaitFor waits until the JavaScript condition is true. An exception in it counts as false and is told when time is up. The wait
// goes on across navigations.
func (p *Page) WaitFor(condition string) {
	p.t.Helper()
	last := p.waitFor(condition)
	if last != "" {
		p.t.Fatalf("wait for %s: not within %v: %s; problems: %q; the page says %q", condition, p.timeout, last, p.Problems(),
			Eval[string](p, `[...document.querySelectorAll("[role=alert], [role=status]")].map((e) => e.textContent.trim()).filter(Boolean).join(" | ")`))
	}
}

// waitFor returns "" when the condition came true, and otherwise what it was at the end.
func (p *Page) waitFor(condition string) string {
	deadline := time.Now().Add(p.timeout)
	last := "no document"
	for {
		left := time.Until(deadline)
		if left <= 0 {
			return last
		}
		ctx, cancel := context.WithTimeout(p.ctx, left+time.Second)
		state, err := chromedp.Run(ctx, chromedp.Evaluate[string](fmt.Sprintf(`new Promise((done) => {
			const end = performance.now() + %d;
			const look = () => {
				let state = "false";
				try { if (%s) return done(""); } catch (e) { state = String(e); }
				if (performance.now() > end) return done(state);
				setTimeout(look, 5);
			};
			look();
		})`, left.Milliseconds(), condition), chromedp.EvalAwaitPromise))
		cancel()
		switch thrown := (*chromedp.ExceptionError)(nil); {
		case err == nil && state == "":
			return ""
		case err == nil:
			last = state
		case errors.As(err, &thrown): // the condition is no JavaScript
			return err.Error()
		case p.ctx.Err() != nil:
			return err.Error()
		default:
			last = err.Error() // the document went away; ask the next one
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// Text waits for the first element that the CSS selector finds, and returns its text as shown, without space at either end.
func (p *Page) Text(selector string) string {
	p.t.Helper()
	q := quote(selector)
	p.WaitFor("document.querySelector(" + q + ")")
	return strings.TrimSpace(Eval[string](p, "document.querySelector("+q+").innerText"))
}

// Screenshot writes a PNG of the full page to the path.
func (p *Page) Screenshot(path string) {
	p.t.Helper()
	shot := do(p, "screenshot", func(ctx context.Context, t *chromedp.Target) ([]byte, error) {
		res, err := cdp.Call(ctx, t, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: new(true)})
		return res.Data, err
	})
	if err := os.WriteFile(path, shot, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// SetViewport gives the page a size in CSS pixels.
func (p *Page) SetViewport(width, height int) {
	p.t.Helper()
	do(p, "set viewport", chromedp.EmulateViewport(int64(width), int64(height)))
}

// EmulateMedia sets the CSS media type ("print", or "" for the screen) and media features, for example
// "prefers-color-scheme": "dark".
func (p *Page) EmulateMedia(media string, features map[string]string) {
	p.t.Helper()
	params := emulation.SetEmulatedMediaParams{Media: media}
	for name, value := range features {
		params.Features = append(params.Features, &emulation.MediaFeature{Name: name, Value: value})
	}
	do(p, "emulate media", call(emulation.SetEmulatedMedia, params))
}

// do runs one step within the page's limit, and ends the test when it fails.
func do[T any](p *Page, what string, a chromedp.Action[T]) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, p.timeout)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		p.t.Fatalf("%s: %v; problems: %q", what, err, p.Problems())
	}
	return v
}

func call[P, R any](c cdp.Command[P, R], params P) chromedp.Action[R] {
	return func(ctx context.Context, t *chromedp.Target) (R, error) { return cdp.Call(ctx, t, c, params) }
}

func describe(d *runtime.ExceptionDetails) string {
	if d.Exception != nil && d.Exception.Description != "" {
		return d.Exception.Description
	}
	return fmt.Sprintf("%s (%s:%d)", d.Text, d.URL, d.LineNumber+1)
}

func arguments(args []*runtime.RemoteObject) string {
	var out []string
	for _, a := range args {
		if a.Description != "" {
			out = append(out, a.Description)
		} else {
			out = append(out, string(a.Value))
		}
	}
	return strings.Join(out, " ")
}

// quote writes s as a JavaScript string.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string can always be written
	}
	return string(b)
}

func short(s string) string {
	const most = 120
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
