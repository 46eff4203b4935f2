package schema

// valueWeight is what a value takes beside its text.
const valueWeight = 64

// Weight returns how many bytes of memory the attributes take, about.
func (o *Object) Weight() int {
	if o == nil {
		return 0
	}
	n := 0
	if o.text != nil {
		n = valueWeight + len(o.text.json)
	}
	for i := range o.fields {
		n += o.fields[i].value.weight()
	}
	return n
}

func (v Value) weight() int {
	switch n := v.node.(type) {
	case *Object:
		return valueWeight + n.Weight()
	case []Value:
		w := valueWeight
		for _, one := range n {
			w += one.weight()
		}
		return w
	}
	return valueWeight + len(v.text)
}
