package chip

import (
	"context"
	"fmt"
)

// File is an elementary file of the chip, by its identifier (ICAO 9303-10 §4).
type File uint16

// Files outside and inside of the application.
const (
	EFATRInfo      File = 0x2f01
	EFCardAccess   File = 0x011c
	EFCardSecurity File = 0x011d
	EFCOM          File = 0x011e
	EFSOD          File = 0x011d // of the application; EFCardSecurity has the same identifier outside of it
)

// DG is the file of a data group, 1 to 16.
func DG(n int) File { return File(0x0100 + n) }

func (f File) String() string {
	switch {
	case f == EFATRInfo:
		return "EF.ATR/INFO"
	case f == EFCardAccess:
		return "EF.CardAccess"
	case f == EFCOM:
		return "EF.COM"
	case f == EFSOD:
		return "EF.SOD"
	case f > 0x0100 && f <= 0x0110:
		return fmt.Sprintf("EF.DG%d", f-0x0100)
	}
	return fmt.Sprintf("the file %04X", uint16(f))
}

// MostFile bounds a file: the largest that were ever issued, with fingers and irises, stay below.
const MostFile = 1 << 20

// piece is how much is read at once: so much that the answer with its checksum fits into a short response, and where the chip takes long ones into 32 kilobytes.
const (
	piece     = 0xdf
	longPiece = 0x7000
)

// plainOffset is up to where READ BINARY takes an offset in its parameters; beyond it stands in a data object, in another instruction (ISO 7816-4 §7.2.3).
const plainOffset = 0x7fff

// Select chooses a file, and reports whether the chip has it.
func (r *Reader) Select(ctx context.Context, f File) (bool, error) {
	what := "choose " + f.String()
	answer, err := r.send(ctx, Command{INS: 0xa4, P1: 2, P2: 0x0c, Data: []byte{byte(f >> 8), byte(f)}}, what)
	switch {
	case err != nil:
		return false, err
	case answer.Status == NotFound:
		return false, nil
	case answer.Status != OK:
		return false, &Refused{Command: what, Status: answer.Status}
	}
	return true, nil
}

// Read reads a file to the end that its own length gives, and reports whether the chip has it. progress hears how many of its bytes are read, and may be nil.
func (r *Reader) Read(ctx context.Context, f File, progress func(done, of int)) ([]byte, bool, error) {
	if ok, err := r.Select(ctx, f); err != nil || !ok {
		return nil, false, err
	}
	what := "read " + f.String()
	head, err := r.askPiece(ctx, 0, 8, what)
	if err != nil {
		return nil, true, err
	}
	_, n, size, err := header(head)
	if err != nil {
		return nil, true, fmt.Errorf("%s does not begin with its tag and length", f)
	}
	total := size + n
	if total > MostFile {
		return nil, true, fmt.Errorf("%s says that it has %d bytes; more than %d are not read", f, total, MostFile)
	}
	out := append(make([]byte, 0, total), head[:min(len(head), total)]...)
	for len(out) < total {
		if progress != nil {
			progress(len(out), total)
		}
		b, err := r.askPiece(ctx, len(out), min(r.piece(), total-len(out)), what)
		if err != nil {
			return nil, true, err
		}
		if len(b) == 0 {
			return nil, true, fmt.Errorf("%s ends after %d bytes, and says that it has %d", f, len(out), total)
		}
		out = append(out, b[:min(len(b), total-len(out))]...)
	}
	if progress != nil {
		progress(total, total)
	}
	return out, true, nil
}

// askPiece reads some bytes from an offset, fewer where the file ends.
func (r *Reader) askPiece(ctx context.Context, offset, n int, what string) ([]byte, error) {
	answer, err := r.send(ctx, readBinary(offset, n), what)
	if err != nil {
		return nil, err
	}
	if answer.Status != OK && answer.Status != EndOfFile {
		return nil, &Refused{Command: what, Status: answer.Status}
	}
	if offset <= plainOffset || len(answer.Data) == 0 {
		return answer.Data, nil
	}
	b, err := discretionary(answer.Data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return b, nil
}

func (r *Reader) piece() int {
	if r.long > 0 {
		return r.long
	}
	return piece
}

// Long lets the reader ask for long pieces, which reader and chip have to be able to.
func (r *Reader) Long() { r.long = longPiece }

// LongIfAble lets the reader ask for pieces as long as the chip says that it can give, where it says so in EF.ATR/INFO (ICAO 9303-10 §3.11.1): one that does not may answer a long command by giving its channel up. It comes before anything else. That the reader can
// is for the caller to know.
func (r *Reader) LongIfAble(ctx context.Context) error {
	there, err := r.Select(ctx, EFATRInfo)
	if err != nil && Over(err) {
		return err
	}
	if err != nil || !there {
		return nil
	}
	b, err := r.askPiece(ctx, 0, piece, "read "+EFATRInfo.String())
	if err != nil {
		if Over(err) {
			return err
		}
		return nil
	}
	if n := mostResponse(b) - protection; n > piece {
		r.long = min(n, longPiece)
	}
	return nil
}

// protection is more than checksum, padding and status add to a response.
const protection = 64

// mostResponse is how many bytes a response may have by EF.ATR/INFO: the second number of its extended length information, 0 where it has none.
func mostResponse(b []byte) int {
	for len(b) > 0 {
		t, rest, err := readTLV(b)
		if err != nil {
			return 0
		}
		if t.tag == 0x7f66 {
			numbers, err := readAll(t.value)
			if err != nil || len(numbers) != 2 || numbers[1].tag != 2 || len(numbers[1].value) == 0 || len(numbers[1].value) > 4 {
				return 0
			}
			return length(numbers[1].value)
		}
		b = rest
	}
	return 0
}

// readBinary asks for some bytes from an offset.
func readBinary(offset, n int) Command {
	if offset <= plainOffset {
		return Command{INS: 0xb0, P1: byte(offset >> 8), P2: byte(offset), Le: n}
	}
	return Command{INS: 0xb1, Data: appendTLV(nil, 0x54, []byte{byte(offset >> 16), byte(offset >> 8), byte(offset)}), Le: n + 4}
}

// discretionary takes what was read out of the data object in which it comes.
func discretionary(b []byte) ([]byte, error) {
	t, rest, err := readTLV(b)
	if err != nil || t.tag != 0x53 || len(rest) > 0 {
		return nil, fmt.Errorf("what was read is not in the data object in which it has to be")
	}
	return t.value, nil
}
