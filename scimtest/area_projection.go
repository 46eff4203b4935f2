package scimtest

import (
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
)

// jensen are members of a user that uses most of the schemas.
var jensen = []string{
	`"externalId":"x1"`, `"displayName":"Babs"`, `"title":"Guide"`, `"active":true`,
	`"name":{"givenName":"Barbara","familyName":"Jensen","formatted":"Barbara Jensen"}`,
	`"emails":[{"value":"b@example.com","type":"work","primary":true},{"value":"b@home.example","type":"home"},{"type":"other","value":"c@example.com"}]`,
	`"phoneNumbers":[{"value":"tel:+1-201-555-0123","type":"work"}]`, `"password":"t1meMa$heen"`,
	enterprise(`"department":"Sales"`, `"costCenter":"4130"`, `"manager":{"value":"nobody","displayName":"Nobody"}`),
}

// shows demands that each query string gives a user or group these members,
// names with spaces between, when it is read, listed and searched for.
func (c *Client) shows(path string, pairs ...string) {
	c.t.Helper()
	list := path[:strings.LastIndexByte(path, '/')]
	for i := 0; i < len(pairs); i += 2 {
		want := strings.Fields(pairs[i+1])
		slices.Sort(want)
		c.Get(path + "?" + pairs[i]).Is(200).Only(want...)
		require.Equal(c.t, want, c.Filter(list+"?"+pairs[i], `id eq "`+ID(path)+`"`).Is(200).Keys("Resources[0]"), pairs[i])
		name, value, _ := strings.Cut(pairs[i], "=")
		search := Search(`"`+name+`":["`+strings.ReplaceAll(value, ",", `","`)+`"]`, `"filter":`+quote(`id eq "`+ID(path)+`"`))
		require.Equal(c.t, want, c.Post(list+"/.search", search).Is(200).Keys("Resources[0]"), search)
	}
}

const (
	everything = "schemas id externalId userName name displayName title active emails phoneNumbers " + ent + " meta"
	least      = "schemas id"
)

// allExcept returns the names of all attributes of the user but the named ones.
func allExcept(names string) string {
	left := slices.DeleteFunc(strings.Fields(everything), func(name string) bool { return slices.Contains(strings.Fields(names), name) })
	return strings.Join(left, " ")
}

var projectionNames = []row{
	{"J-1 J-2", "attributes returns the minimum set and the named attributes", func(c *Case) {
		c.Both(func(c *Client) {
			c.shows(c.NewUser("babs", jensen...),
				"attributes=userName", least+" userName",
				"attributes=id", least,
				"attributes=schemas", least,
				"attributes=userName,name,emails", least+" userName name emails",
				"attributes=meta", least+" meta",
				"attributes=externalId", least+" externalId",
				"attributes=active,title", least+" active title",
				"attributes=nickName", least,
			)
		})
	}},
	{"J-1 J-3", "excludedAttributes returns the default set without the named attributes", func(c *Case) {
		c.Both(func(c *Client) {
			c.shows(c.NewUser("babs", jensen...),
				"excludedAttributes=emails", allExcept("emails"),
				"excludedAttributes=userName", allExcept("userName"),
				"excludedAttributes=meta,active,externalId", allExcept("meta active externalId"),
				"excludedAttributes=nickName", everything,
				"excludedAttributes="+ent, allExcept(ent),
				"excludedAttributes=name,title,displayName,phoneNumbers", allExcept("name title displayName phoneNumbers"),
			)
			g := c.NewGroup("g", `"members":[{"value":`+quote(c.aMember("x"))+`}]`)
			c.shows(g, "excludedAttributes=members", "schemas id displayName meta", "attributes=displayName", "schemas id displayName",
				"attributes=members", "schemas id members", "attributes=id", "schemas id")
		})
	}},
	{"J-4 A-5", "an attribute that is always returned cannot be excluded", func(c *Case) {
		c.Both(func(c *Client) {
			c.shows(c.NewUser("babs", jensen...),
				"excludedAttributes=id,userName", allExcept("userName"),
				"excludedAttributes=schemas", everything,
				"excludedAttributes=ID,SCHEMAS", everything,
			)
		})
	}},
	{"J-5 H-14", "a list with commas, in any case and notation, spaces trimmed; a repeated parameter adds up", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("babs", jensen...)
			c.shows(path,
				"attributes=USERNAME", least+" userName",
				"attributes=username,EMAILS", least+" userName emails",
				"attributes="+user+":userName", least+" userName",
				"attributes="+strings.ToUpper(user)+":USERNAME", least+" userName",
				"attributes=userName,userName", least+" userName",
			)
			for query, want := range map[string]string{
				"attributes=userName, name ,emails":                 least + " userName name emails",
				"attributes=userName%2Cname":                        least + " userName name",
				"attributes=,userName,,":                            least + " userName",
				"attributes=userName&attributes=name":               least + " userName name",
				"Attributes=userName":                               least + " userName",
				"ATTRIBUTES=userName&attributes=title":              least + " userName title",
				"excludedattributes=" + "emails":                    allExcept("emails"),
				"excludedAttributes=emails&EXCLUDEDATTRIBUTES=meta": allExcept("emails meta"),
				"attributes=":                                       everything,
				"attributes= , ":                                    everything,
				"excludedAttributes=":                               everything,
			} {
				got := strings.Fields(want)
				slices.Sort(got)
				require.Equal(c.t, got, c.Get(path+"?"+query).Is(200).Keys(""), query)
				require.Equal(c.t, got, c.Get("/Users?"+query).Is(200).Keys("Resources[0]"), query)
			}
		})
	}},
	{"J-6", "both parameters at once are invalidValue", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("babs")
			before := c.Get(path).Is(200).Text
			const both = "?attributes=userName&excludedAttributes=emails"
			for _, p := range []string{path, "/Users", "/Groups", "/"} {
				c.Get(p+both).Fails(400, "invalidValue")
			}
			c.Post("/Users"+both, User("new")).Fails(400, "invalidValue")
			c.Put(path+both, User("other")).Fails(400, "invalidValue")
			c.Patch(path+both, `{"op":"add","path":"title","value":"x"}`).Fails(400, "invalidValue")
			c.Post("/Users/.search", Search(`"attributes":["userName"]`, `"excludedAttributes":["emails"]`)).Fails(400, "invalidValue")
			require.Equal(c.t, before, c.Get(path).Is(200).Text)
			c.Get("/Users").Total(1)
		})
	}},
	{"J-10", "schemas is returned with every selection of attributes and names the schemas of those returned", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("babs", jensen...)
			for _, query := range []string{"attributes=userName", "attributes=" + ent + ":department", "excludedAttributes=schemas", "excludedAttributes=" + ent} {
				got := c.Get(path + "?" + query).Is(200)
				require.Contains(c.t, got.Value("schemas"), user, query)
				if got.Value("['"+ent+"']") != nil {
					require.Contains(c.t, got.Value("schemas"), ent, query)
				}
			}
		})
	}},
	{"J-11", "an unknown name is left out by default, invalidValue for the strict client", func(c *Case) {
		path := c.Default.NewUser("babs", jensen...)
		for query, want := range map[string]string{
			"attributes=nope,userName":            least + " userName",
			"attributes=nope":                     least,
			"attributes=name.nope":                least,
			"attributes=urn:x:y:attr,title":       least + " title",
			"attributes=userName.x":               least,
			"attributes=*":                        least,
			"attributes=emails[type eq \"work\"]": least,
			"excludedAttributes=nope":             everything,
			"excludedAttributes=nope,emails":      allExcept("emails"),
			"excludedAttributes=$%00(":            everything,
		} {
			got := strings.Fields(want)
			slices.Sort(got)
			require.Equal(c.T, got, c.Default.Get(path+"?"+query).Is(200).Keys(""), query)
			require.Equal(c.T, got, c.Default.Get("/Users?"+query).Is(200).Keys("Resources[0]"), query)
			c.Strict.Get(path+"?"+query).Fails(400, "invalidValue")
			c.Strict.Get("/Users?"+query).Fails(400, "invalidValue")
		}
	}},
	{"J-11", "at the root a name selects the attribute in each type that has it", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("babs", jensen...)
			c.NewGroup("g")
			got := c.Get("/?attributes=userName&sortBy=userName").Total(2)
			require.Equal(c.t, []string{"id", "schemas", "userName"}, got.Keys("Resources[0]"))
			require.Equal(c.t, []string{"id", "schemas"}, got.Keys("Resources[1]"))
			got = c.Get("/?excludedAttributes=meta,members,emails&sortBy=userName").Total(2)
			got.Has("Resources[0].meta", "", "Resources[1].meta", "", "Resources[0].emails", "", "Resources[1].displayName", `"g"`)
		})
	}},
	{"A-4 A-6 J-2", "a password is never returned, also when it is named", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("babs", jensen...)
			for _, query := range []string{"", "?attributes=password", "?attributes=password,userName", "?excludedAttributes=title", "?attributes=" + user + ":password", "?attributes=" + user} {
				got := c.Get(path + query)
				require.NotContains(c.t, got.Text, "password", query)
				require.NotContains(c.t, got.Text, "t1me", query)
				require.NotContains(c.t, c.Get("/Users"+query).Text, "t1me", query)
			}
		})
	}},
}

var projectionParts = []row{
	{"J-7", "a sub-attribute can be named or excluded", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("babs", jensen...)
			for query, want := range map[string]string{
				"attributes=name.familyName":                                       `{"familyName":"Jensen"}`,
				"attributes=NAME.FAMILYNAME,name.givenName":                        `{"familyName":"Jensen","givenName":"Barbara"}`,
				"attributes=" + user + ":name.familyName":                          `{"familyName":"Jensen"}`,
				"attributes=name,name.familyName":                                  `{"familyName":"Jensen","givenName":"Barbara","formatted":"Barbara Jensen"}`,
				"excludedAttributes=name.givenName":                                `{"familyName":"Jensen","formatted":"Barbara Jensen"}`,
				"excludedAttributes=name.givenName,name.formatted":                 `{"familyName":"Jensen"}`,
				"excludedAttributes=name.honorificPrefix":                          `{"familyName":"Jensen","givenName":"Barbara","formatted":"Barbara Jensen"}`,
				"excludedAttributes=name.givenName,name.formatted,NAME.familyName": "",
				"attributes=name.middleName":                                       "",
				"excludedAttributes=name,name.givenName":                           "",
			} {
				c.Get(path+"?"+query).Is(200).Has("name", want)
				c.Get("/Users?"+query).Is(200).Has("Resources[0].name", want)
			}
		})
	}},
	{"J-7", "a sub-attribute of many values is named in each of them", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("babs", jensen...)
			for query, want := range map[string]string{
				"attributes=emails.value":                        `[{"value":"b@example.com"},{"value":"b@home.example"},{"value":"c@example.com"}]`,
				"attributes=emails.type":                         `[{"type":"work"},{"type":"home"},{"type":"other"}]`,
				"attributes=emails.primary":                      `[{"primary":true}]`,
				"attributes=emails.display":                      ``,
				"excludedAttributes=emails.value,emails.primary": `[{"type":"work"},{"type":"home"},{"type":"other"}]`,
			} {
				c.Get(path+"?"+query).Is(200).Has("emails", want)
			}
			u := c.NewUser("u")
			g := c.NewGroup("g", `"members":[{"value":"`+ID(u)+`"}]`)
			c.Get(g+"?attributes=members.value").Is(200).Has("members", `[{"value":"`+ID(u)+`"}]`)
			c.Get(g+"?excludedAttributes=members.$ref,members.type,members.display").Is(200).Has("members", `[{"value":"`+ID(u)+`"}]`)
			c.Get(g+"?attributes=members.$ref").Is(200).Has("members", `[{"$ref":"`+BaseURL+u+`"}]`)
			c.Get(u+"?attributes=groups.display").Is(200).Has("groups", `[{"display":"g"}]`)
			c.Get(u+"?attributes=groups").Is(200).Has("groups", `[{"value":"`+ID(g)+`","$ref":"`+BaseURL+g+`","display":"g","type":"direct"}]`)
			c.Get(u+"?excludedAttributes=groups").Is(200).Has("groups", "")
			c.Get(u+"?attributes=userName").Is(200).Has("groups", "")
		})
	}},
	{"J-7 M-26", "the sub-attributes of meta can be named", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("babs", jensen...)
			c.Get(path+"?attributes=meta.location").Is(200).Has("meta", `{"location":"`+BaseURL+path+`"}`)
			require.Equal(c.t, []string{"created", "lastModified", "location", "version"}, c.Get(path+"?excludedAttributes=meta.resourceType").Is(200).Keys("meta"))
		})
	}},
	{"J-8", "extension attributes are named by URN, the bare URN is the whole extension", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("babs", jensen...)
			const e = "['" + ent + "']"
			for query, want := range map[string]string{
				"attributes=" + ent + ":manager.value":                     `{"manager":{"value":"nobody"}}`,
				"attributes=" + ent + ":department":                        `{"department":"Sales"}`,
				"attributes=" + strings.ToUpper(ent) + ":DEPARTMENT":       `{"department":"Sales"}`,
				"attributes=" + ent + ":department," + ent + ":costCenter": `{"department":"Sales","costCenter":"4130"}`,
				"attributes=" + ent + ":division":                          ``,
				"attributes=userName":                                      ``,
				"excludedAttributes=" + ent:                                ``,
				"attributes=" + user:                                       ``,
			} {
				c.Get(path+"?"+query).Is(200).Has(e, want)
				c.Get("/Users?"+query).Is(200).Has("Resources[0]"+e, want)
			}
			c.Get(path+"?attributes="+ent).Is(200).Has(e+".department", `"Sales"`, e+".costCenter", `"4130"`, e+".manager.value", `"nobody"`, "userName", "")
			c.Get(path+"?excludedAttributes="+ent+":costCenter").Is(200).Has(e+".department", `"Sales"`, e+".costCenter", "", "userName", `"babs"`)
			c.Get(path+"?excludedAttributes="+ent+":manager.displayName").Is(200).Has(e+".manager.value", `"nobody"`)
			c.Get(path+"?attributes="+user).Is(200).Has("userName", `"babs"`, "emails.#", "3", "meta", "")
		})
	}},
	{"J-12", "a complex attribute that is named returns its default sub-attributes", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("babs", jensen...)
			c.Get(path+"?attributes=name").Is(200).Has("name", `{"givenName":"Barbara","familyName":"Jensen","formatted":"Barbara Jensen"}`)
			require.Equal(c.t, []string{"primary", "type", "value"}, c.Get(path+"?attributes=emails").Is(200).Keys("emails[0]"))
			require.Equal(c.t, []string{"created", "lastModified", "location", "resourceType", "version"}, c.Get(path+"?attributes=meta").Is(200).Keys("meta"))
		})
	}},
}

var projectionOperations = []row{
	{"J-9", "attributes works with every operation that returns a resource", func(c *Case) {
		c.Both(func(c *Client) {
			wanted := []string{"id", "schemas", "userName"}
			const query = "?attributes=userName"
			made := c.Post("/Users"+query, User("babs", jensen...)).Is(201)
			made.Only(wanted...)
			require.NotEmpty(c.t, made.Header.Get("Location"))
			require.NotEmpty(c.t, made.Header.Get("ETag"))
			path := "/Users/" + made.String("id")
			c.Get(path).Is(200).Has("title", `"Guide"`)
			c.Put(path+query, User("babs", jensen...)).Is(200).Only(wanted...)
			c.Do("PATCH", path+query, PatchOp(`{"op":"replace","path":"title","value":"y"}`)).Is(200).Only(wanted...)
			c.Get(path + query).Is(200).Only(wanted...)
			require.Equal(c.t, wanted, c.Get("/Users"+query).Is(200).Keys("Resources[0]"))
			require.Equal(c.t, wanted, c.Get("/"+query).Is(200).Keys("Resources[0]"))
			require.Equal(c.t, wanted, c.Post("/Users/.search", Search(`"attributes":["userName"]`)).Is(200).Keys("Resources[0]"))
			require.Equal(c.t, wanted, c.Post("/.search", Search(`"attributes":["userName"]`)).Is(200).Keys("Resources[0]"))
			c.Put(path+"?excludedAttributes=emails,meta", User("babs", jensen...)).Is(200).Has("emails", "", "meta", "", "title", `"Guide"`)
			c.Do("PATCH", path+"?excludedAttributes=name", PatchOp(`{"op":"replace","path":"title","value":"z"}`)).Is(200).Has("name", "", "title", `"z"`)
			c.Get(path).Is(200).Has("emails.#", "3", "name.givenName", `"Barbara"`)
		})
	}},
	{"J-9", "a PATCH of members answers with the group when attributes ask for it", func(c *Case) {
		c.Both(func(c *Client) {
			u := c.NewUser("u")
			g := c.NewGroup("g")
			op := `{"op":"add","path":"members","value":[{"value":"` + ID(u) + `"}]}`
			got := c.Do("PATCH", g+"?attributes=members.value", PatchOp(op)).Is(200)
			got.Has("members", `[{"value":"`+ID(u)+`"}]`, "displayName", "")
			got = c.Do("PATCH", g+"?excludedAttributes=members", PatchOp(op)).Is(200)
			got.Has("members", "", "displayName", `"g"`)
		})
	}},
	{"J-9 V-2", "a selection of attributes changes neither version nor ETag", func(c *Case) {
		c.Both(func(c *Client) {
			path := c.NewUser("babs", jensen...)
			whole := c.Get(path).Is(200)
			require.Equal(c.t, whole.Header.Get("ETag"), c.Get(path+"?attributes=userName").Is(200).Header.Get("ETag"))
			require.Equal(c.t, whole.Text, c.Get(path).Is(200).Text)
		})
	}},
	{"J-2", "a selection of attributes does not restrict filters and sorting", func(c *Case) {
		c.Both(func(c *Client) {
			c.NewUser("b", `"title":"x"`)
			c.NewUser("a", `"title":"x"`)
			c.NewUser("c", `"title":"y"`)
			got := c.Filter("/Users?attributes=id&sortBy=userName", `title eq "x"`).Total(2)
			require.Equal(c.t, []string{"id", "schemas"}, got.Keys("Resources[0]"))
			got = c.Filter("/Users?excludedAttributes=userName,title&sortBy=title&sortOrder=descending", `title pr`).Total(3)
			got.Has("Resources[0].title", "", "Resources[0].userName", "")
		})
	}},
}
