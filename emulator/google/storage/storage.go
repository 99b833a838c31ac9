// Package storage emulates Cloud Storage: buckets and their IAM policies. It has no objects.
package storage

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// Host is the API's name.
const Host = "storage.googleapis.com"

// API returns the JSON API of Cloud Storage, v1. Buckets are not below a project, because their names are unique across all
// projects.
func API() *rest.API {
	return &rest.API{Prefix: "storage/v1", Host: Host, Schema: "gcs", Kinds: []*rest.Kind{bucket(), policy(), objects()}}
}

func bucket() *rest.Kind {
	return &rest.Kind{
		Pattern: "b", Message: "Bucket", Body: "bucket",
		Names: rest.Names{Missing: rest.NotFound("The specified bucket does not exist.")},
		Read:  rest.Read{Items: "items", List: listBuckets},
		Create: &rest.Create{
			IDInBody: true, ID: regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$`), BadID: rest.Invalid("Invalid bucket name: '{given}'"),
			Taken: rest.Exists("The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please " +
				"select a different name and try again."),
		},
		Update:      &rest.Update{Mask: rest.MaskPatches, Immutable: []string{"location"}},
		Delete:      &rest.Delete{},
		Stamps:      rest.Stamps{Etag: "etag", Created: "timeCreated", Updated: "updated"},
		Prepare:     prepareBucket,
		Translation: rest.Translation{In: inCapitals},
	}
}

// inCapitals writes a location in capitals, as the API does.
func inCapitals(bucket map[string]any) map[string]any {
	if location := doc.Text(bucket, "location"); location != "" {
		return doc.With(bucket, strings.ToUpper(location), "location")
	}
	return bucket
}

// listBuckets answers with the buckets of a project.
func listBuckets(q *rest.Request, collection rest.Name) (any, error) {
	project, err := owner(q)
	if err != nil {
		return nil, err
	}
	var items []any
	for _, n := range q.Children(collection) {
		if document := q.Get(n); doc.Text(document, "projectNumber") == project.Number &&
			strings.HasPrefix(n.ID(), q.Query.Get("prefix")) {
			items = append(items, document)
		}
	}
	answer, err := q.Page("items", items)
	if err != nil {
		return nil, err
	}
	answer["kind"] = "storage#buckets"
	return answer, nil
}

// owner returns the project that a request names. The API has to be enabled in it.
func owner(q *rest.Request) (rest.Project, error) {
	id := q.Query.Get("project")
	if id == "" {
		return rest.Project{}, rest.Invalid("Required parameter: project")
	}
	project, found := q.Project(id)
	if !found {
		return project, rest.Invalid("Unknown project id: %s", id)
	}
	return project, q.Require(project, Host)
}

func prepareBucket(c *rest.Change) error {
	id := c.Name.ID()
	if strings.HasPrefix(id, "goog") || strings.Contains(id, "google") {
		return rest.Invalid("Invalid bucket name: '%s'", id)
	}
	if c.Old == nil {
		project, err := owner(c.Request)
		if err != nil {
			return err
		}
		doc.Default(c.New, "location", "US")
		c.New["locationType"] = "region"
		if len(doc.Text(c.New, "location")) <= 4 {
			c.New["locationType"] = "multi-region"
		}
		c.New["projectNumber"] = project.Number
	}
	if err := checkLifecycle(c.New); err != nil {
		return err
	}
	generation, _ := strconv.Atoi(doc.Text(c.Old, "metageneration"))
	for field, value := range map[string]any{"kind": "storage#bucket", "id": id, "name": id, "metageneration": strconv.Itoa(generation + 1),
		"selfLink": "https://www.googleapis.com/storage/v1/b/" + id} {
		c.New[field] = value
	}
	doc.Default(c.New, "storageClass", "STANDARD")
	doc.Default(c.New, "softDeletePolicy", map[string]any{"retentionDurationSeconds": "604800"})
	access := doc.Ensure(c.New, "iamConfiguration")
	doc.Default(access, "publicAccessPrevention", "inherited")
	uniform := doc.Ensure(access, "uniformBucketLevelAccess")
	doc.Default(uniform, "enabled", false)
	access["bucketPolicyOnly"] = map[string]any{"enabled": uniform["enabled"]}
	return rest.CheckLabels(doc.Object(c.New, "labels"))
}

func checkLifecycle(bucket map[string]any) error {
	for _, rule := range doc.Objects(bucket, "lifecycle", "rule") {
		switch action := doc.Text(rule, "action", "type"); action {
		case "Delete", "AbortIncompleteMultipartUpload":
		case "SetStorageClass":
			if doc.Text(rule, "action", "storageClass") == "" {
				return rest.Invalid("A lifecycle rule of SetStorageClass must set a storage class.")
			}
		default:
			return rest.Invalid("Invalid argument: lifecycle action '%s' is not supported.", action)
		}
		if len(doc.Object(rule, "condition")) == 0 {
			return rest.Invalid("A lifecycle rule must have at least one condition.")
		}
	}
	return nil
}

// policy returns the kind of a bucket's IAM policy, which this API reads and writes as a resource.
func policy() *rest.Kind {
	answer := func(n rest.Name, document map[string]any) map[string]any {
		return doc.With(doc.With(document, "storage#policy", "kind"), "projects/_/buckets/"+n.Parent().ID(), "resourceId")
	}
	return &rest.Kind{
		Pattern: "b/*/iam",
		Names:   rest.Names{Single: true},
		Read: rest.Read{Get: func(q *rest.Request, n rest.Name) (any, error) {
			return answer(n, q.Policy(n.Parent())), nil
		}},
		Methods: rest.Methods{"PUT": func(c *rest.Change) (any, error) {
			document, err := c.SetPolicy(c.Name.Parent(), c.Body, "")
			if err != nil {
				return nil, err
			}
			return answer(c.Name, document), nil
		}},
	}
}

// objects returns a kind whose list is always empty, because the emulator stores no objects.
func objects() *rest.Kind {
	return &rest.Kind{Pattern: "b/*/o", Read: rest.Read{List: func(*rest.Request, rest.Name) (any, error) {
		return map[string]any{"kind": "storage#objects"}, nil
	}}}
}
