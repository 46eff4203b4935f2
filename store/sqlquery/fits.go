package sqlquery

import (
	"fmt"
	"slices"

	"github.com/seed5f3efb56/scim/internal/sqldb"
)

// columnRule says which columns hold the values of a field.
type columnRule struct {
	classes []columnClass
	want    string // what the column must be, for errors
}

// columnRule returns the rule of a field. A rule without classes accepts every
// column.
func (m *mapping) columnRule(f *field, d *dialect) columnRule {
	switch {
	case f.role == roleID:
		return m.ids.columnRule()
	case f.role == roleTenant:
		return m.tenantRule(f)
	case f.role == roleComposed:
		return columnRule{}
	case f.codec.values != nil:
		return mappedRule(f)
	case f.role == roleKey, f.role == roleFormer:
		return columnRule{[]columnClass{classText}, "text, and not citext"}
	case f.role == roleRest:
		return restRule(f)
	case f.codec.kind == kindText && f.role == roleAttribute:
		return textRule(f, d)
	}
	switch f.codec.kind {
	case kindText:
		return columnRule{[]columnClass{classText}, "text"}
	case kindBool:
		return boolRule(f, d)
	case kindInt, kindUint:
		return integerRule()
	case kindFloat:
		return columnRule{[]columnClass{classNumber}, "a decimal or floating point number"}
	case kindTime:
		return timeRule(d)
	}
	return columnRule{}
}

// columnRule accepts text for a string, and the type uuid if the tag says that
// the string is one. A type that converts itself has a column of its own choice.
func (c idCodec) columnRule() columnRule {
	switch {
	case c.form == idMarshaler, convertsItself(c.typ):
		return columnRule{}
	case c.form == idInteger:
		return columnRule{[]columnClass{classInteger, classNumber}, "an integer; or make the field a string"}
	case c.uuid:
		return columnRule{[]columnClass{classText, classUUID}, "text or uuid; or make the field an int64"}
	}
	return columnRule{[]columnClass{classText}, "text; or make the field an int64 for a column of integers, or add the option uuid to the tag for one of UUIDs"}
}

func (m *mapping) tenantRule(f *field) columnRule {
	for _, t := range m.tenants {
		if t.field == f {
			return t.codec.columnRule()
		}
	}
	return columnRule{}
}

// mappedRule accepts text and enumerations for a string with the options true and
// false, and integers for an integer.
func mappedRule(f *field) columnRule {
	if f.codec.kind == kindText {
		return columnRule{[]columnClass{classText, classEnum}, "text or an enumeration"}
	}
	return integerRule()
}

// restRule accepts text and JSON, for byte slices also columns of bytes.
func restRule(f *field) columnRule {
	if f.codec.kind == kindBytes {
		return columnRule{[]columnClass{classText, classJSON, classBytes}, "text, JSON or bytes"}
	}
	return columnRule{[]columnClass{classText, classJSON}, "text or JSON"}
}

// textRule is the rule of a string attribute. A column without regard to case
// (citext) fits if the attribute is compared that way: then comparisons use the
// key.
func textRule(f *field, d *dialect) columnRule {
	r := columnRule{[]columnClass{classText}, "text"}
	if f.codec.attr.FoldsCase() {
		r.classes = append(r.classes, classCaseless)
	}
	if d.kind == sqldb.MySQL { // its enumerations compare as text
		r.classes = append(r.classes, classEnum)
	}
	return r
}

// boolRule accepts integers where the database has no boolean type.
func boolRule(f *field, d *dialect) columnRule {
	r := columnRule{[]columnClass{classBool, classInteger, classNumber}, "BOOLEAN"}
	if d.kind == sqldb.PostgreSQL {
		r.classes = r.classes[:1]
	}
	if f.role == roleAttribute {
		r.want += fmt.Sprintf("; or name its values in the tag, on a string or integer field (scim:\"%s,true=active,false=suspended\")", f.path)
	}
	return r
}

func integerRule() columnRule {
	return columnRule{[]columnClass{classInteger, classNumber}, "an integer"}
}

// timeRule accepts text in SQLite, where drivers write times as text.
func timeRule(d *dialect) columnRule {
	switch d.kind {
	case sqldb.SQLite:
		return columnRule{[]columnClass{classTime, classText}, "TIMESTAMP; or make the field an int64 with the option unit (s, ms, us or ns)"}
	case sqldb.MySQL:
		return columnRule{[]columnClass{classTime}, "DATETIME(6); or make the field an int64 with the option unit (s, ms, us or ns)"}
	}
	return columnRule{[]columnClass{classTime}, "timestamptz; or make the field an int64 with the option unit (s, ms, us or ns)"}
}

// accepts reports whether a column of the class fits.
func (r columnRule) accepts(c columnClass) bool {
	return r.classes == nil || c == classUnknown || slices.Contains(r.classes, c)
}
