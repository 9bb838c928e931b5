package emrtd

import (
	"bytes"
	"fmt"

	"marz/emrtd/der"
)

// ZoneText returns the machine-readable zone in the content of EF.DG1 (ICAO 9303-10 §4.7.1). It is the holder's data.
func ZoneText(dg1 []byte) (string, error) {
	r := der.NewReader(dg1, 0)
	e, err := r.One()
	if err != nil {
		return "", invalid("read EF.DG1", err)
	}
	if !e.Is(der.Application, 1) || len(e.Children) != 1 || !e.Children[0].Is(der.Application, 31) || e.Children[0].Constructed {
		return "", invalid("read EF.DG1", der.Errorf(e.Offset, "it should be 61 with one 5F1F in it"))
	}
	return string(e.Children[0].Content), nil
}

// groupTags are the tags of EF.DG1 to EF.DG16 (ICAO 9303-10 §4.6.1), by which EF.COM lists them.
var groupTags = []byte{0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70}

// ParseCOM returns the numbers of the data groups that EF.COM lists (ICAO 9303-10 §4.6.1). Nobody signs EF.COM.
func ParseCOM(raw []byte) ([]int, error) {
	r := der.NewReader(raw, 0)
	e, err := r.One()
	if err != nil {
		return nil, invalid("read EF.COM", err)
	}
	if !e.Is(der.Application, 0) || !e.Constructed {
		return nil, invalid("read EF.COM", der.Errorf(0, "it should be 60 and is %s", e.Name()))
	}
	for _, c := range e.Children {
		if !c.Is(der.Application, 28) {
			continue
		}
		var out []int
		for _, tag := range c.Content {
			i := bytes.IndexByte(groupTags, tag)
			if i < 0 {
				return nil, invalid("read EF.COM", fmt.Errorf("the tag %02X is no data group's", tag))
			}
			out = append(out, i+1)
		}
		return out, nil
	}
	return nil, invalid("read EF.COM", der.Errorf(0, "the list of data groups is missing"))
}
