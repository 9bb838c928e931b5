// Package photo reads machine-readable zones in photographs, for the day on which no reader works.
//
// It owns the finding of the zone in a picture and the running of an engine of character recognition, Debian's tesseract, on what it found. It promises:
//
//   - It proposes and decides nothing: what it read goes through mrz.Repair, and an officer compares the candidates with the document.
//   - Nothing leaves the machine and nothing is kept: the picture goes to the engine's standard input, and no file is written.
//   - Picture, output and time are bounded. A picture that is none, or too large, is an error that says so.
//   - Where there is no engine, Find says what to install.
//
// Letters of one width in straight lines are found and counted here, with the fillers among them; which letter is which, the engine says.
package photo

import (
	"context"
	"strings"

	"marz"
	"marz/mrz"
)

// Reading is what was read in one photograph.
type Reading struct {
	Text       string          `json:"text"`       // the zone's lines as read; "" when none was found
	Candidates []mrz.Candidate `json:"candidates"` // what may be printed, the likeliest first
	Engine     string          `json:"engine"`
}

// mostRuns bounds how often the engine runs for one photograph. Once or twice is what most take.
const mostRuns = 8

// Read reads the zone in a JPEG or PNG. today is for the centuries of its dates. The error is Invalid where the picture cannot be used; a picture in which no zone is found is no error, and has neither text nor candidates.
func (r *Reader) Read(ctx context.Context, photograph []byte, today marz.Date) (*Reading, error) {
	p, err := decode(photograph)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s := &search{reader: r, today: today, best: Reading{Candidates: []mrz.Candidate{}, Engine: r.Engine()}}
	if err := s.look(ctx, views(p)); err != nil {
		return nil, err
	}
	return &s.best, nil
}

// search is the looking for a zone in one photograph.
type search struct {
	reader *Reader
	today  marz.Date
	runs   int
	best   Reading
	sound  bool // the best one is without fault
}

// look reads the lines that lie in places in all views, and then in the likeliest view wherever else the zone may be.
func (s *search) look(ctx context.Context, views []view) error {
	for _, v := range views {
		for _, block := range v.blocks {
			lines, err := s.inGrid(ctx, v.picture, block)
			if err != nil {
				return err
			}
			if s.weigh(lines); s.done() {
				return nil
			}
		}
	}
	for _, a := range views[0].zones {
		lines, err := s.read(ctx, views[0].part(a, scale(a)).flattened(), 6, letters+filler)
		if err != nil {
			return err
		}
		if s.weigh(zoneIn(lines)); s.done() {
			return nil
		}
	}
	return nil
}

func (s *search) done() bool { return s.sound || s.runs >= mostRuns }

func (s *search) read(ctx context.Context, p picture, mode int, whitelist string) ([]string, error) {
	s.runs++
	return s.reader.lines(ctx, p, mode, whitelist)
}

// scale is by how much a part is made larger, so that its letters are as high as the engine was taught them.
func scale(a area) float64 {
	if w := a.right - a.left; w < 1100 {
		return min(3, 1100/float64(w))
	}
	return 1
}

// inGrid reads the lines of a block without their fillers, which it puts back by their places. A line in which the engine found another number of characters is read again by itself, and then larger; there are no lines where that is in vain.
func (s *search) inGrid(ctx context.Context, p picture, block []grid) ([]string, error) {
	p = p.flattened()
	factor := scale(block[0].area)
	read, err := s.read(ctx, p.bare(block, factor), 6, letters)
	if err != nil {
		return nil, err
	}
	var out []string
	for i, g := range block {
		line, ok := "", false
		if len(read) == len(block) {
			line, ok = g.filled(read[i])
		}
		for _, larger := range []float64{1, 1.5} {
			if ok {
				break
			}
			one, err := s.read(ctx, p.bare(block[i:i+1], factor*larger), 7, letters)
			if err != nil {
				return nil, err
			}
			line, ok = g.filled(strings.Join(one, ""))
		}
		if !ok {
			return nil, nil
		}
		out = append(out, line)
	}
	return out, nil
}

// weigh keeps the lines when they are likelier to be a zone than those before.
func (s *search) weigh(lines []string) {
	if len(lines) == 0 || s.sound {
		return
	}
	text := strings.Join(lines, "\n")
	found, err := mrz.Repair(text, s.today)
	if err != nil {
		if s.best.Text == "" {
			s.best.Text = text
		}
		return
	}
	if len(s.best.Candidates) > 0 && s.best.Candidates[0].Cost <= found[0].Cost {
		return
	}
	s.best.Text, s.best.Candidates = text, found
	s.sound = found[0].Cost < enough
}

// enough is below what a candidate costs of which a check digit is wrong, or in whose place many others may stand.
const enough = 6

// zoneIn picks the lines of a zone out of those of a page: the last two or three that are as long as a zone's, nearly, each brought to its length where its end is fillers.
func zoneIn(lines []string) []string {
	for _, width := range widths {
		need := 2
		if width == 30 {
			need = 3
		}
		for end := len(lines); end >= need; end-- {
			var out []string
			for _, line := range lines[end-need : end] {
				if n := len(line) - width; n < -3 || n > 3 {
					break
				}
				out = append(out, toWidth(line, width))
			}
			if len(out) == need {
				return out
			}
		}
	}
	return nil
}

// toWidth lengthens or shortens the longest row of fillers by as many as were miscounted.
func toWidth(line string, width int) string {
	at, longest := 0, 0
	for i := 0; i < len(line); {
		n := len(line[i:]) - len(strings.TrimLeft(line[i:], filler))
		if n > longest {
			at, longest = i, n
		}
		i += max(1, n)
	}
	n := longest + width - len(line)
	if longest < 3 || n < 1 {
		return line
	}
	return line[:at] + strings.Repeat(filler, n) + line[at+longest:]
}
