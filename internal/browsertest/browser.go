// Package browsertest runs tests in a real Chromium.
//
// It owns the browser's process, its profile in a temporary folder, and where asked an X server with a true keyboard layout. It
// promises that all of them are gone when the test ends, that no step waits longer than Options.Timeout, and that a test fails
// whose page logged an error, threw an exception, broke its content security policy or failed to load something, unless the test
// said that it expects so (Page.Expect). It is imported by tests only.
package browsertest

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Options say how the browser is started. The zero value is a headless browser that trusts only the system's certificates.
type Options struct {
	Display    *Display      // open a window on this X display; nil is headless
	TrustSPKI  []string      // accept a certificate chain with one of these keys in it; see SPKI
	TrustAll   bool          // accept every certificate
	Timeout    time.Duration // of each step; 45 s when zero: a browser beside other tests on a small machine is slow at times
	ExtraFlags []string      // written "name" or "name=value", without the hyphens
}

// Browser is one Chromium process. It is used from the test's own goroutine.
type Browser struct {
	t       testing.TB
	ctx     context.Context
	timeout time.Duration
}

// SPKI returns the name by which Options.TrustSPKI knows a certificate's key: base64 of the SHA-256 of its public key info. The
// server must send the certificate in its chain.
func SPKI(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// New starts Chromium: the one that the environment variable CHROMIUM names, else /usr/bin/chromium. Where there is none the test
// is skipped, or fails when the environment says CI=true. The browser is killed at the end of the test.
func New(t testing.TB, o Options) *Browser {
	t.Helper()
	path := os.Getenv("CHROMIUM")
	if path == "" {
		path = "/usr/bin/chromium"
	}
	if _, err := exec.LookPath(path); err != nil {
		missing(t, "browser at "+path, "install chromium, or name one in the environment variable CHROMIUM")
	}
	if o.Timeout == 0 {
		o.Timeout = 45 * time.Second
	}
	alloc, cancelAlloc := chromedp.NewExecAllocator(context.Background(), flags(t, path, o)...)
	ctx, cancel := chromedp.NewContext(alloc, chromedp.WithErrorf(t.Logf))
	t.Cleanup(func() {
		cancel()
		cancelAlloc()
	})
	// The browser lives as long as the context of its first action, so the limit on its start is a timer and no deadline.
	late := time.AfterFunc(3*o.Timeout, cancelAlloc)
	defer late.Stop()
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start browser %s: %v", path, err)
	}
	return &Browser{t: t, ctx: ctx, timeout: o.Timeout}
}

func flags(t testing.TB, path string, o Options) []chromedp.ExecAllocatorOption {
	list := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(profile(t)),
		chromedp.Flag("no-sandbox", os.Getuid() == 0),
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
	)
	if o.Display != nil {
		list = append(list, chromedp.Flag("headless", false), chromedp.Flag("enable-automation", false),
			chromedp.Flag("ozone-platform", "x11"), chromedp.Env("DISPLAY="+o.Display.Name))
	}
	if len(o.TrustSPKI) > 0 {
		list = append(list, chromedp.Flag("ignore-certificate-errors-spki-list", strings.Join(o.TrustSPKI, ",")))
	}
	if o.TrustAll {
		list = append(list, chromedp.Flag("ignore-certificate-errors", true))
	}
	for _, f := range o.ExtraFlags {
		name, value, has := strings.Cut(f, "=")
		if has {
			list = append(list, chromedp.Flag(name, value))
		} else {
			list = append(list, chromedp.Flag(name, true))
		}
	}
	return list
}

// profile makes the browser's data folder. The browser's helpers may write there for a moment after it was killed, so the folder is
// removed with patience, and before t.TempDir would fail over it.
func profile(t testing.TB) string {
	dir := t.TempDir()
	t.Cleanup(func() {
		for range 50 {
			if os.RemoveAll(dir) == nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
	return dir
}

func missing(t testing.TB, what, fix string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("there is no %s: %s", what, fix)
	}
	t.Skipf("skipped, there is no %s: %s", what, fix)
}
