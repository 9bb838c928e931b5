package post

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"marz/api"
	"marz/folder"
	"marz/program"
)

// TestGuide runs the commands of docs/guides/api.md, in their order, as somebody does who follows it.
func TestGuide(t *testing.T) {
	for _, tool := range []string{"curl", "openssl", "sha256sum", "sh"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	guide, err := os.ReadFile("../docs/guides/api.md")
	if err != nil {
		t.Fatal(err)
	}
	tp := newTestPost(t)
	officer := tp.atLane("ru-bg/2", "1")
	crossing := tp.crossed(officer, "A1")
	tp.config.API = "127.0.0.1:0"
	srv, ln, err := api.ListenPrograms(tp.config.API, configFile, &folder.Certificates{Dir: tp.dir, Host: tp.config.Host, Wall: tp.opts.Wall, Log: tp.opts.Log}, tp.apiHandler(), tp.opts.Log)
	if err != nil {
		t.Fatal(err)
	}
	go srv.ServeTLS(ln, "", "")
	t.Cleanup(func() { srv.Close() })
	dir := t.TempDir()
	ca, err := os.ReadFile(filepath.Join(tp.dir, keyDir, folder.CAFile))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"ca.crt": string(ca), "signed.json": signedStatement(t, tp)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	here := strings.NewReplacer("https://agarak.example:8446", "https://localhost:"+ln.Addr().String()[strings.LastIndex(ln.Addr().String(), ":")+1:], "1204", string(crossing.ID))
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(guide), -1)
	if len(blocks) < 6 {
		t.Fatalf("the guide has %d blocks of commands", len(blocks))
	}
	for _, block := range blocks {
		c := exec.CommandContext(t.Context(), "sh", "-ec", here.Replace(block[1]))
		c.Dir = dir
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%s\n%s\n%v", block[1], out, err)
		}
		if print := regexp.MustCompile(`\b[0-9a-f]{64}\b`).FindString(string(out)); strings.Contains(block[1], "sha256sum") {
			if err := tp.AcceptProgram(t.Context(), tp.signIn("ru-bg/1"), program.Acceptance{Client: print, Purpose: "the ministry's board", Actions: everything, Days: 365}); err != nil {
				t.Fatal(err)
			}
		}
	}
	k := tp.kinds()
	if k[program.KindActed] != 2 || k[KindRead] != 1 || k[KindStatement] != 1 || k[KindListLoaded] < 2 {
		t.Errorf("%v", k)
	}
}
