package api

import (
	"encoding/json"
	"reflect"
	"strings"

	"marz"
)

// object is a JSON object of the document. encoding/json writes its members in the order of their names, so that the document is the same bytes each time.
type object = map[string]any

var (
	instantType = reflect.TypeFor[marz.Instant]()
	rawType     = reflect.TypeFor[json.RawMessage]()
	textType    = reflect.TypeFor[Text]()
)

// words are the types of which only some values are possible.
var words = map[reflect.Type][]string{
	reflect.TypeFor[marz.Verdict]():   {string(marz.Clear), string(marz.Attention), string(marz.Stop)},
	reflect.TypeFor[marz.Decision]():  {string(marz.Admit), string(marz.Refuse), string(marz.Refer), string(marz.Depart), string(marz.Hold)},
	reflect.TypeFor[marz.Direction](): {string(marz.EntryDirection), string(marz.ExitDirection)},
	reflect.TypeFor[marz.Result]():    {string(marz.Successful), string(marz.Failed), string(marz.Undetermined), string(marz.NotSupported), string(marz.Aborted)},
}

// schemas collects what types are written as, by name.
type schemas map[string]object

// of returns the JSON Schema (draft 2020-12) of a type as encoding/json writes it, after whole. Structs are collected and referred to.
func (s schemas) of(t reflect.Type) object {
	switch {
	case t == instantType:
		return object{"type": "string", "format": "date-time"}
	case t == rawType:
		return object{"type": "object"}
	case t == textType:
		return object{"type": "string"}
	case words[t] != nil:
		return object{"type": "string", "enum": words[t]}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer", "format": "int64"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Struct:
		s.add(t)
		return object{"$ref": "#/components/schemas/" + t.Name()}
	}
	panic("api: the interface has no form for " + t.String())
}

func (s schemas) add(t reflect.Type) {
	if s[t.Name()] != nil {
		return
	}
	properties, required := object{}, []string{}
	out := object{"type": "object"}
	s[t.Name()] = out
	for f := range fieldsOf(t) {
		name, optional := jsonName(f)
		p := s.of(f.Type)
		if f.Tag.Get("doc") == "" {
			panic("api: " + t.Name() + "." + f.Name + " has no doc")
		}
		p["description"] = f.Tag.Get("doc")
		properties[name] = p
		if !optional {
			required = append(required, name)
		}
	}
	out["properties"], out["required"] = properties, required
}

// fieldsOf gives the fields of a struct, with those of structs that it embeds.
func fieldsOf(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for _, f := range reflect.VisibleFields(t) {
			if f.Anonymous || !f.IsExported() {
				continue
			}
			if !yield(f) {
				return
			}
		}
	}
}

func jsonName(f reflect.StructField) (name string, optional bool) {
	name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" {
		panic("api: " + f.Name + " has no name in JSON")
	}
	return name, strings.Contains(options, "omit")
}

// whole puts an empty list in the place of none, so that a list is always a list in JSON.
func whole(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			whole(v.Elem())
		}
	case reflect.Slice:
		if v.Type() == rawType {
			return
		}
		if v.IsNil() {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
		for i := range v.Len() {
			whole(v.Index(i))
		}
	case reflect.Map:
		if v.IsNil() {
			v.Set(reflect.MakeMap(v.Type()))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				whole(v.Field(i))
			}
		}
	}
}
