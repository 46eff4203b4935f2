//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"regexp"
	"strings"

	"github.com/seed5f3efb56/scim/internal/benchmark/process"
)

// operation is one operation of a bulk request, or a request of its own.
type operation struct{ method, path, bulkID, data string }

// operations returns operations in an order in which each refers only to those
// before it. Of twenty, thirteen create users, who have a manager of the request,
// two create groups of five of them, four change users and one deletes one. Names
// are in no order, so that an index costs the same whatever the order of operations.
func operations(n int, run string) []operation {
	ops := make([]operation, 0, n)
	var kept []string // the bulkIds of users that stay
	for block := 0; len(ops) < n; block++ {
		var made []string
		for i := range 13 {
			id := fmt.Sprintf("u%d-%d", block, i)
			ops = append(ops, operation{"POST", "/Users", id, userData(scattered(len(ops), run), id, kept)})
			made = append(made, id)
			if i < 12 {
				kept = append(kept, id)
			}
		}
		for i := range 2 {
			id := fmt.Sprintf("g%d-%d", block, i)
			ops = append(ops, operation{"POST", "/Groups", id, groupData(run, id, kept[len(kept)-5:])})
		}
		for i := range 4 {
			ops = append(ops, operation{"PATCH", "/Users/bulkId:" + made[i], "", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"title","value":"Guide"}]}`})
		}
		ops = append(ops, operation{"DELETE", "/Users/bulkId:" + made[12], "", ""})
	}
	return ops[:n]
}

// scattered is a name for the nth operation of a run.
func scattered(n int, run string) string { return fmt.Sprintf("%08x-%s", uint32(n)*2654435761, run) }

func userData(run, id string, others []string) string {
	const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	manager := ""
	if len(others) > 0 {
		manager = fmt.Sprintf(`,"manager":{"value":"bulkId:%s"}`, others[len(others)/10])
	}
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","%[1]s"],"userName":"%[2]s.%[3]s@example.com","externalId":"%[2]s.%[3]s","active":true,`+
		`"name":{"givenName":"Ursula","familyName":"Number %[3]s"},"emails":[{"value":"%[2]s.%[3]s@example.com","type":"work","primary":true}],"%[1]s":{"department":"Tours"%[4]s}}`, enterprise, run, id, manager)
}

func groupData(run, id string, users []string) string {
	members := make([]string, len(users))
	for i, u := range users {
		members[i] = `{"value":"bulkId:` + u + `","type":"User"}`
	}
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"%s %s","members":[%s]}`, run, id, strings.Join(members, ","))
}

// together sends the operations as one bulk request, in an order that does not
// follow the references.
func together(s *process.Server, ops []operation) error {
	texts := make([]string, len(ops))
	for i, j := range rand.New(rand.NewSource(1)).Perm(len(ops)) {
		op := ops[j]
		texts[i] = fmt.Sprintf(`{"method":%q,"path":%q`, op.method, op.path)
		if op.bulkID != "" {
			texts[i] += fmt.Sprintf(`,"bulkId":%q`, op.bulkID)
		}
		if op.data != "" {
			texts[i] += `,"data":` + op.data
		}
		texts[i] += "}"
	}
	resp, err := s.Do("POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[`+strings.Join(texts, ",")+`]}`)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if done := strings.Count(string(text), `"status":"20`); resp.StatusCode != http.StatusOK || done != len(ops) {
		return fmt.Errorf("POST /Bulk: %d, %d of %d operations succeeded: %.500s", resp.StatusCode, done, len(ops), text)
	}
	return nil
}

var reference = regexp.MustCompile(`bulkId:[^"]+`)

// oneByOne sends each operation as a request of its own, one after another.
func oneByOne(s *process.Server, ops []operation) error {
	ids := map[string]string{}
	resolve := func(text string) string {
		return reference.ReplaceAllStringFunc(text, func(ref string) string { return ids[strings.TrimPrefix(ref, "bulkId:")] })
	}
	for _, op := range ops {
		status, text, err := s.Send(op.method, resolve(op.path), resolve(op.data))
		if err != nil {
			return err
		}
		if status >= 300 {
			return fmt.Errorf("%s %s: %d %.500s", op.method, op.path, status, text)
		}
		if op.bulkID == "" {
			continue
		}
		var made struct{ ID string }
		if err := json.Unmarshal([]byte(text), &made); err != nil {
			return err
		}
		ids[op.bulkID] = made.ID
	}
	return nil
}
