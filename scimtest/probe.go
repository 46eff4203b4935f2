package scimtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed5f3efb56/scim/schema"
)

// Probe uses each feature of a handler, and fails where /ServiceProviderConfig,
// /ResourceTypes, /Schemas or Allow announce something else than it found: methods of
// each type, filters, sorting, pages and their sizes, cursors, versions, PATCH, Bulk
// and its limits, changePassword, authentication and asynchronous answers. [Run] and
// [RunTypes] contain it; Probe is for a handler with an authentication of its own.
// The base path is that of [BaseURL]; token is the bearer token of a client whose
// tenant is empty. The resources that it makes stay, one more than the largest page
// has; with -short only a few, and the sizes are not tried.
func Probe(t *testing.T, h http.Handler, token string) {
	t.Helper()
	require.Empty(t, NewClient(t, h, token).probe(!testing.Short()))
}

// probe uses each feature of a handler and returns where /ServiceProviderConfig,
// /ResourceTypes or /Schemas announce something else than it found. With large it
// makes as many resources as a page has at most, and tries the largest bulk
// requests. The tenant of the client is empty before.
func (c *Client) probe(large bool) []string {
	p := &prober{Client: c, config: c.Get("/ServiceProviderConfig").Is(200), types: c.types()}
	p.probeMethods()
	p.probeSchemes()
	p.probeBulk(large)
	rt := p.writable()
	if rt == nil {
		return p.faults
	}
	for n := range 3 {
		p.Post(rt.endpoint, rt.body(n+1, true)).Is(201)
	}
	p.all = p.Get(rt.endpoint).Is(200).Strings("id")
	require.Len(c.t, p.all, 3)
	p.probeQueries(rt)
	p.probePaging(rt)
	p.probeVersions(rt)
	p.probePatch(rt)
	p.probeAsync(rt)
	p.probePassword()
	if large && p.supported("bulk") {
		p.probePages(rt)
	}
	return p.faults
}

type prober struct {
	*Client
	config *Reply
	types  []*servedType
	all    []string // the ids of the resources of the type that is written
	faults []string
}

// compare notes a feature that is not what is announced.
func (p *prober) compare(feature string, announced, found any) {
	if announced != found {
		p.faults = append(p.faults, fmt.Sprintf("%s: %v is announced, %v was found", feature, announced, found))
	}
}

// supported returns whether a feature is announced.
func (p *prober) supported(name string) bool { return p.config.Value(name+".supported") == true }

// number returns an announced number, 0 if there is none.
func (p *prober) number(path string) int {
	n, _ := p.config.Value(path).(json.Number)
	i, _ := strconv.Atoi(string(n))
	return i
}

// writable returns the type whose resources the probe makes, nil if clients can
// create none.
func (p *prober) writable() *servedType {
	for _, name := range []string{"Group", "User", ""} {
		for _, rt := range p.types {
			if rt.methods["POST"] && (rt.name == name || name == "") {
				return rt
			}
		}
	}
	return nil
}

func (p *prober) probeMethods() {
	patches := false
	for _, rt := range p.types {
		patches = patches || rt.methods["PATCH"]
		p.compare("GET of "+rt.endpoint, http.StatusOK, p.Get(rt.endpoint).Status)
		one := rt.endpoint + "/" + noResource
		allow := func(r *Reply) []string { return strings.Split(r.Header.Get("Allow"), ", ") }
		collection, resource := allow(p.Do(http.MethodOptions, rt.endpoint, nil)), allow(p.Do(http.MethodOptions, one, nil))
		p.compare("Allow of OPTIONS and of 405, "+rt.endpoint, p.Put(rt.endpoint, "{}").Header.Get("Allow"), strings.Join(collection, ", "))
		p.compare("Allow of OPTIONS and of 405, "+one, p.Post(one, "{}").Header.Get("Allow"), strings.Join(resource, ", "))
		for method, found := range rt.methods {
			announced := slices.Contains(resource, method)
			if method == http.MethodPost {
				announced = slices.Contains(collection, method)
			}
			p.compare(method+" of "+rt.name+" in Allow", announced, found)
		}
	}
	p.compare("patch", p.supported("patch"), patches)
}

// httpSchemes are the authentication schemes of HTTP for the types of RFC 7643 §5.
var httpSchemes = map[string]string{"oauth": "OAuth", "oauth2": "Bearer", "oauthbearertoken": "Bearer", "httpbasic": "Basic", "httpdigest": "Digest"}

func (p *prober) probeSchemes() {
	r := (&Client{t: p.t, handler: p.handler}).Get("/ResourceTypes")
	challenges := strings.Join(r.Header.Values("WWW-Authenticate"), ", ")
	p.compare("authentication of a request without credentials", http.StatusUnauthorized, r.Status)
	list, _ := p.config.Value("authenticationSchemes").([]any)
	p.compare("authenticationSchemes", true, len(list) > 0)
	for i := range list {
		typ := p.config.String(fmt.Sprintf("authenticationSchemes[%d].type", i))
		p.compare("the challenge of "+typ, true, strings.Contains(challenges, httpSchemes[typ]+" "))
	}
}

// idle is an operation of a bulk request that changes nothing.
func (p *prober) idle() string {
	return bulkOp(http.MethodDelete, p.types[0].endpoint+"/"+noResource, "", "")
}

func (p *prober) probeBulk(large bool) {
	one := bulkBody(p.idle())
	found := p.Post("/Bulk", one).Status
	p.compare("bulk", p.supported("bulk"), found == http.StatusOK)
	if !p.supported("bulk") {
		p.compare("the status of Bulk", http.StatusNotImplemented, found)
		return
	}
	most, bytes := p.number("bulk.maxOperations"), p.number("bulk.maxPayloadSize")
	p.compare("bulk.maxOperations", http.StatusRequestEntityTooLarge, p.Post("/Bulk", bulkBody(slices.Repeat([]string{p.idle()}, most+1)...)).Status)
	p.compare("bulk.maxPayloadSize", http.StatusRequestEntityTooLarge, p.Post("/Bulk", one+strings.Repeat(" ", max(bytes+1-len(one), 0))).Status)
	p.compare("bulk.maxPayloadSize", http.StatusOK, p.Post("/Bulk", one+strings.Repeat(" ", max(bytes-len(one), 0))).Status)
	if large {
		p.compare("bulk.maxOperations", most, len(p.Post("/Bulk", bulkBody(slices.Repeat([]string{p.idle()}, most)...)).results()))
	}
}

// probeAsync asks for an asynchronous answer to a POST (RFC 9967 §2.5.1.1).
func (p *prober) probeAsync(rt *servedType) {
	async, _ := p.config.Value("securityEvents.asyncRequest").(string)
	r := p.Post(rt.endpoint, rt.body(4, true), "Prefer: respond-async")
	if async = strings.ToLower(async); async != "long" { // at the discretion of the service provider
		p.compare("securityEvents.asyncRequest", async == "request", r.Status == http.StatusAccepted)
	}
}

// probePassword looks whether changePassword is announced where users have a
// password, and whether it can be changed.
func (p *prober) probePassword() {
	for _, rt := range p.types {
		if rt.schema.ID != schema.UserURI {
			continue
		}
		published := rt.schema.Attribute("password") != nil
		p.compare("changePassword", p.supported("changePassword"), published)
		if !published || !p.supported("changePassword") || !rt.methods["POST"] || !rt.methods["PATCH"] {
			continue
		}
		path := rt.endpoint + "/" + p.Post(rt.endpoint, rt.body(30, true)).Is(201).String("id")
		changed := p.Patch(path, replace("password", `"t1meMa$heen-9"`)).Status
		p.compare("changePassword", true, changed == http.StatusOK || changed == http.StatusNoContent)
		if rt.methods["DELETE"] {
			p.Delete(path).Is(204)
		}
	}
}

func (p *prober) probeQueries(rt *servedType) {
	r := p.Filter(rt.endpoint, "id eq "+quote(p.all[1]))
	p.compare("filter", p.supported("filter"), r.Status == http.StatusOK && slices.Equal(r.Strings("id"), p.all[1:2]))
	up, down := p.Get(rt.endpoint+"?sortBy=id").Strings("id"), p.Get(rt.endpoint+"?sortBy=id&sortOrder=descending").Strings("id")
	slices.Reverse(down)
	p.compare("sort", p.supported("sort"), len(up) == 3 && slices.Equal(up, down))
}

func (p *prober) probePaging(rt *servedType) {
	second := p.Get(rt.endpoint + "?startIndex=2&count=1").Strings("id")
	p.compare("pagination.index", p.config.Value("pagination.index"), slices.Equal(second, p.all[1:2]))
	walked := []string{}
	for cursor := ""; len(walked) < len(p.all); {
		page := p.Get(rt.endpoint + "?count=1&cursor=" + cursor)
		walked = append(walked, page.Strings("id")...)
		next, _ := page.Value("nextCursor").(string)
		if next == "" {
			break
		}
		cursor = Query(next)
	}
	p.compare("pagination.cursor", p.config.Value("pagination.cursor"), slices.Equal(slices.Sorted(slices.Values(walked)), slices.Sorted(slices.Values(p.all))))
	method := "index"
	if p.Get(rt.endpoint+"?count=1").Value("nextCursor") != nil {
		method = "cursor"
	}
	p.compare("pagination.defaultPaginationMethod", p.config.Value("pagination.defaultPaginationMethod"), method)
	p.compare("pagination.maxPageSize", p.number("filter.maxResults"), p.number("pagination.maxPageSize"))
	p.compare("pagination.cursorTimeout above 0", p.config.Value("pagination.cursor"), p.number("pagination.cursorTimeout") > 0)
}

// probeVersions looks for an ETag of a resource of each type.
func (p *prober) probeVersions(rt *servedType) {
	found, unseen := false, false
	for _, t := range p.types {
		id := p.all[0]
		switch ids := p.Get(t.endpoint).Strings("id"); {
		case t == rt:
		case t.methods["POST"]:
			id = p.Post(t.endpoint, t.body(1, true)).Is(201).String("id")
		case len(ids) > 0:
			id = ids[0]
		default:
			unseen = true
			continue
		}
		found = p.versioned(t, t.endpoint+"/"+id) || found
	}
	if found || !unseen {
		p.compare("etag", p.supported("etag"), found)
	}
}

// versioned reports whether a resource has an ETag, and compares the other signs of
// versions with it.
func (p *prober) versioned(t *servedType, path string) bool {
	r := p.Get(path).Is(200)
	tag := r.Header.Get("ETag")
	has := tag != ""
	version, _ := r.Value("meta.version").(string)
	p.compare("meta.version of "+t.name, tag, version)
	p.compare("If-None-Match of "+t.name, has, has && p.Get(path, "If-None-Match: "+tag).Status == http.StatusNotModified)
	if t.methods["PUT"] && t.methods["POST"] {
		p.compare("If-Match of "+t.name, has, p.Put(path, t.body(1, true), `If-Match: W/"none"`).Status == http.StatusPreconditionFailed)
	}
	return has
}

func (p *prober) probePatch(rt *servedType) {
	if !rt.methods["PATCH"] {
		return
	}
	path := rt.endpoint + "/" + p.all[0]
	status := p.Patch(path, replace("externalId", `"probed"`)).Status
	changed := status < 300 && p.Get(path).Value("externalId") == "probed"
	p.compare("patch", p.supported("patch"), changed)
}

// probePages makes one resource more than a page has at most.
func (p *prober) probePages(rt *servedType) {
	most, size := p.number("filter.maxResults"), p.number("pagination.defaultPageSize")
	var ops []string
	for n := p.countOf(rt.endpoint+"?count=0", "totalResults"); n < most+1; n++ {
		ops = append(ops, bulkOp(http.MethodPost, rt.endpoint, strconv.Itoa(n), jsonOf(rt.body(n+100, true))))
	}
	for part := range slices.Chunk(ops, p.number("bulk.maxOperations")) {
		p.Post("/Bulk", bulkBody(part...)).Is(200)
	}
	p.compare("the number of resources", most+1, p.countOf(rt.endpoint+"?count=0", "totalResults"))
	p.compare("pagination.defaultPageSize", size, p.countOf(rt.endpoint, "itemsPerPage"))
	for _, query := range []string{"?", "?cursor&"} {
		page := p.Get(fmt.Sprintf("%s%scount=%d&attributes=id", rt.endpoint, query, most+1)).Is(200)
		p.compare("filter.maxResults, "+query, most, len(page.Strings("id")))
	}
}

func (p *prober) countOf(path, member string) int {
	n, _ := p.Get(path).Is(200).Value(member).(json.Number)
	i, _ := strconv.Atoi(string(n))
	return i
}
