package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// prefix begins the name of every network namespace of the campaign. All that bear it are the campaign's: they are emptied and removed.
const prefix = "marz-fleet-"

// hub is the namespace of the bridge to which every node's line leads.
const hub = prefix + "hub"

// host is a machine: a network namespace with one line to the hub.
type host struct {
	name string // of the node, for people
	line string // the line's end at the hub
	addr string
}

func (h *host) ns() string { return prefix + h.name }

// run runs a program to its end.
func run(ctx context.Context, args ...string) (string, error) {
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := c.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

// each runs commands one after the other until one fails.
func each(ctx context.Context, commands ...string) error {
	for _, c := range commands {
		if _, err := run(ctx, strings.Fields(c)...); err != nil {
			return err
		}
	}
	return nil
}

// makeHub makes the bridge, and says whether the kernel can delay and lose packets (netem).
func makeHub(ctx context.Context) (netem bool, err error) {
	if err := each(ctx, "ip netns add "+hub, "ip -n "+hub+" link set lo up", "ip -n "+hub+" link add name br0 type bridge", "ip -n "+hub+" link set br0 up"); err != nil {
		return false, err
	}
	_, err = run(ctx, strings.Fields("tc -n "+hub+" qdisc add dev lo root netem delay 1ms")...)
	return err == nil, nil
}

// addHost makes a machine that knows the others by the lines of a hosts file.
func addHost(ctx context.Context, name string, number int, hosts string) (*host, error) {
	h := &host{name: name, line: "v" + strconv.Itoa(number), addr: fmt.Sprintf("10.77.%d.%d", number/200, number%200+1)}
	etc := filepath.Join("/etc/netns", h.ns()) // which ip netns exec lays over /etc
	if err := os.MkdirAll(etc, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(etc, "hosts"), []byte("127.0.0.1 localhost\n"+hosts), 0o644); err != nil {
		return nil, err
	}
	return h, each(ctx, "ip netns add "+h.ns(),
		"ip -n "+hub+" link add "+h.line+" type veth peer name eth0 netns "+h.ns(),
		"ip -n "+hub+" link set "+h.line+" master br0 up",
		"ip -n "+h.ns()+" link set lo up",
		"ip -n "+h.ns()+" addr add "+h.addr+"/16 dev eth0",
		"ip -n "+h.ns()+" link set eth0 up")
}

// cut takes the line's end at the hub down or up: the machine itself sees that its line has no carrier.
func (h *host) cut(ctx context.Context, down bool) error {
	return each(ctx, "ip -n "+hub+" link set "+h.line+" "+map[bool]string{true: "down", false: "up"}[down])
}

// drop lets the line lose all that goes one way: a queue that holds one byte takes no packet.
func (h *host) drop(ctx context.Context, toNode bool) error {
	return each(ctx, "tc -n "+h.side(toNode)+" root bfifo limit 1")
}

// slow makes the line one that carries little, late, and where the kernel can, loses some.
func (h *host) slow(ctx context.Context, kbit int, netem bool) error {
	how := fmt.Sprintf(" root tbf rate %dkbit burst 4kb latency 3s", kbit)
	if netem {
		how = fmt.Sprintf(" root netem delay 300ms 100ms loss 5%% rate %dkbit", kbit)
	}
	return each(ctx, "tc -n "+h.side(true)+how, "tc -n "+h.side(false)+how)
}

// sound makes the line what it was.
func (h *host) sound(ctx context.Context) error {
	for _, toNode := range []bool{true, false} {
		c := strings.Replace("tc -n "+h.side(toNode)+" root", "replace", "delete", 1)
		if out, err := run(ctx, strings.Fields(c)...); err != nil && !strings.Contains(out, "handle of zero") { // there was none
			return err
		}
	}
	return h.cut(ctx, false)
}

// carried is what the machines' lines have carried, in bytes: what they sent and what they were sent.
func carried(ctx context.Context, machines []*host) (sent, given int64, err error) {
	out, err := run(ctx, "ip", "-n", hub, "-s", "-j", "link")
	if err != nil {
		return 0, 0, err
	}
	type way struct{ Bytes int64 }
	var all []struct {
		Name  string               `json:"ifname"`
		Stats struct{ RX, TX way } `json:"stats64"`
	}
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		return 0, 0, err
	}
	for _, h := range machines {
		for _, l := range all {
			if l.Name == h.line {
				sent, given = sent+l.Stats.RX.Bytes, given+l.Stats.TX.Bytes
			}
		}
	}
	return sent, given, nil
}

// side names the queue of one end of the line.
func (h *host) side(toNode bool) string {
	if toNode {
		return hub + " qdisc replace dev " + h.line
	}
	return h.ns() + " qdisc replace dev eth0"
}

// processes are those that run on the machine.
func processes(ctx context.Context, ns string) (all []int) {
	out, _ := run(ctx, "ip", "netns", "pids", ns)
	for _, f := range strings.Fields(out) {
		if pid, err := strconv.Atoi(f); err == nil {
			all = append(all, pid)
		}
	}
	return all
}

// signalTo sends a signal to all that runs on the machine.
func signalTo(ctx context.Context, ns string, s syscall.Signal) {
	for _, pid := range processes(ctx, ns) {
		syscall.Kill(pid, s)
	}
}

// dead waits until nothing runs on the machine any more.
func dead(ctx context.Context, ns string) error {
	for range 300 {
		if len(processes(ctx, ns)) == 0 {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("%s: something is left running there", ns)
}

// clean ends all that runs in the campaign's namespaces and removes them, also those that an earlier campaign left.
func clean() error {
	ctx := context.Background()
	out, err := run(ctx, "ip", "netns", "list")
	if err != nil {
		return err
	}
	var all []string
	for line := range strings.Lines(out) {
		if f := strings.Fields(line); len(f) > 0 && strings.HasPrefix(f[0], prefix) {
			all = append(all, f[0])
		}
	}
	for _, ns := range all {
		signalTo(ctx, ns, syscall.SIGKILL)
	}
	for _, ns := range all {
		if e := dead(ctx, ns); e != nil {
			err = e
			continue
		}
		if _, e := run(ctx, "ip", "netns", "delete", ns); e != nil {
			err = e
		}
		os.RemoveAll(filepath.Join("/etc/netns", ns))
	}
	return err
}
