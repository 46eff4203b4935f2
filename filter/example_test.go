package filter_test

import (
	"errors"
	"fmt"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
)

func ExampleResolver_Filter() {
	r := filter.NewResolver(schema.UserType, filter.Options{Profile: schema.Lenient()})
	f, err := r.Filter(`username sw "BJ" and emails co "@example.com"`, filter.NewBudget(filter.DefaultWork, nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	var b schema.Builder
	b.Set(schema.UserType.MustResolve("userName").Root(), schema.String("bjensen"))
	fmt.Println(f)
	fmt.Println(f.Match(&schema.Resource{Type: schema.UserType, Attributes: b.Object()}))

	_, err = r.Filter(`active gt false`, nil)
	var e *filter.Error
	fmt.Println(errors.As(err, &e), err)
	// Output:
	// userName sw "BJ" and emails.value co "@example.com"
	// false
	// true at character 1: active: operator gt does not apply to type boolean
}

func ExampleResolver_Path() {
	r := filter.NewResolver(schema.UserType, filter.Options{})
	p, err := r.Path(`emails[type eq "work"].value`, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Attr, p.Sub.Name, p)
	// Output: emails value emails[type eq "work"].value
}

func ExampleSplit() {
	r := filter.NewResolver(schema.UserType, filter.Options{})
	f, err := r.Filter(`userName eq "bjensen" and title co "guide"`, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	indexed := filter.Support{"userName": filter.OpsOf(filter.EQ)}
	push, rest := filter.Split(f, indexed.Can)
	fmt.Println("the store answers:", push)
	fmt.Println("matched afterwards:", rest)
	// Output:
	// the store answers: userName eq "bjensen"
	// matched afterwards: title co "guide"
}
