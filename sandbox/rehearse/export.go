package rehearse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/guiofsaints/procureflow-platform/sandbox/engine"
)

// Export is a stack's state as `pulumi stack export` writes it, with encrypted or plain secrets. None of its texts is used before
// [scrub] has compared it with the repository.
type Export struct {
	// Stack is the name of the exported stack.
	Stack     string
	resources map[string]apitype.ResourceV3
}

// ReadExport reads an export. Its errors never quote it.
func ReadExport(data []byte) (Export, error) {
	var file struct {
		Deployment struct {
			Resources []apitype.ResourceV3 `json:"resources"`
		} `json:"deployment"`
	}
	if json.Unmarshal(data, &file) != nil {
		return Export{}, errors.New("the exported state is not what `pulumi stack export` writes: give that command's output")
	}
	export := Export{resources: map[string]apitype.ResourceV3{}}
	for _, r := range file.Deployment.Resources {
		if !r.URN.IsValid() || r.Delete { // a resource with Delete was replaced, and waits for its deletion
			continue
		}
		export.Stack = r.URN.Stack().String()
		export.resources[string(r.URN)] = r
	}
	if len(export.resources) == 0 {
		return Export{}, errors.New("the exported state has no resources: give the export of a stack that is up")
	}
	return export, nil
}

// asExported changes the emulated cloud from the base's settings to the exported values, as far as they may be used. It returns a note
// of what was withheld.
func (r *rehearsal) asExported(ctx context.Context, base *engine.Stack) (note string, err error) {
	state, err := base.State(ctx)
	if err != nil {
		return "", err
	}
	known, note, err := scrub(*r.Export, state.Resources)
	if err != nil {
		return "", err
	}
	tree := r.Base
	tree.Program = replay(known)
	e, stack, err := r.open(ctx, tree)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	if _, err := stack.Update(ctx); err != nil {
		return "", fmt.Errorf("the exported state does not come up: %w", err)
	}
	r.stage("the exported state comes up", false, "done")
	return note, nil
}

// scrub returns the base's resources with the export's inputs, in the base's order. It takes a text of the export only if the repository
// has the text too, or if an image by digest, a quantity or a constant replaces another of the same kind. It never takes a secret or an
// output. Where it withholds a value, the base's own value stays.
func scrub(export Export, base []apitype.ResourceV3) (known []apitype.ResourceV3, note string, err error) {
	s := scrubber{public: map[string]bool{}}
	var renamed, absent []string
	for _, r := range base {
		s.learn(r.Inputs)
		exported, there := export.resources[string(r.URN)]
		if there && exported.ID != "" {
			renamed = append(renamed, idsOf(exported, r)...)
		}
	}
	s.ids = strings.NewReplacer(renamed...)
	for _, r := range base {
		exported, there := export.resources[string(r.URN)]
		switch {
		case strings.HasPrefix(string(r.Type), "pulumi:"):
		case !there:
			absent = append(absent, r.URN.Name())
			continue
		case r.Custom:
			s.resource = r.URN.Name()
			merged, _ := s.overlay(r.Inputs, exported.Inputs, nil).(map[string]any)
			nameAnew(r.Inputs, merged)
			r.Inputs = merged
		}
		known = append(known, r)
	}
	if len(absent) == len(base) || !slices.ContainsFunc(known, func(r apitype.ResourceV3) bool { return r.Custom && r.Parent != "" }) {
		return nil, "", errors.New("the exported state has no resource of the base: it is another stack's or another " +
			"project's; name its stack with --stack")
	}
	foreign := 0
	for urn := range export.resources {
		if !slices.ContainsFunc(base, func(r apitype.ResourceV3) bool { return string(r.URN) == urn }) {
			foreign++
		}
	}
	note = "The base is the exported state."
	slices.Sort(s.withheld)
	for _, part := range []struct {
		text  string
		names []string
	}{{"Withheld, because the repository does not have the value, so that the base's own counts: ", slices.Compact(s.withheld)},
		{"In the base's settings, and not there: ", absent}} {
		if len(part.names) > 0 {
			note += " " + part.text + strings.Join(part.names, ", ") + "."
		}
	}
	if foreign > 0 {
		note += fmt.Sprintf(" Left out are resources that the base does not have: %d.", foreign)
	}
	return known, note, nil
}

// nameAnew gives a revision whose template differs a new name, because the base's revision of that name exists already.
func nameAnew(base, merged map[string]any) {
	was, _ := base["template"].(map[string]any)
	is, _ := merged["template"].(map[string]any)
	if name, named := is["revision"].(string); named && name == was["revision"] && !reflect.DeepEqual(was, is) {
		is["revision"] = name + "-deployed"
	}
}

// idsOf returns pairs of names of a resource: the real cloud's, and the emulated cloud's.
func idsOf(exported, made apitype.ResourceV3) (pairs []string) {
	add := func(was, is string) {
		if len(was) > 5 && was != is && is != "" {
			pairs = append(pairs, was, is)
		}
	}
	add(string(exported.ID), string(made.ID))
	for _, output := range []string{"name", "uptimeCheckId", "uniqueId"} {
		was, _ := exported.Outputs[output].(string)
		is, _ := made.Outputs[output].(string)
		add(was, is)
	}
	return pairs
}

type scrubber struct {
	// public are the texts that the repository's own program writes into resources.
	public map[string]bool
	// ids replaces names that the real cloud has chosen by those of the emulated cloud.
	ids      *strings.Replacer
	resource string
	withheld []string
}

func (s *scrubber) learn(value any) {
	switch value := value.(type) {
	case string:
		s.public[value] = true
	case []any:
		for _, one := range value {
			s.learn(one)
		}
	case map[string]any:
		if isSecret(value) {
			return
		}
		for _, one := range value {
			s.learn(one)
		}
	}
}

func isSecret(value map[string]any) bool { return value[resource.SigKey] == resource.SecretSig }

// withhold notes that a value of the export is withheld, and returns the base's value.
func (s *scrubber) withhold(base any, path []string) any {
	s.withheld = append(s.withheld, s.resource+"."+strings.Join(path, "."))
	return base
}

// overlay returns the export's value if it may be shown, and the base's value otherwise.
func (s *scrubber) overlay(base, exported any, path []string) any {
	switch exported := exported.(type) {
	case map[string]any:
		own, same := base.(map[string]any)
		switch {
		case same && isSecret(exported) && isSecret(own):
			return base // A secret has its own value in the emulated cloud, so nothing needs to be noted.
		case !same || isSecret(exported) || isSecret(own):
			return s.withhold(base, path)
		}
		return s.overlayObject(own, exported, path)
	case []any:
		own, same := base.([]any)
		if !same {
			return s.withhold(base, path)
		}
		return s.overlayList(own, exported, path)
	case string:
		text := s.ids.Replace(exported)
		own, same := base.(string)
		if s.public[text] || same && !private(path) && shapeOf(text) != "" && shapeOf(text) == shapeOf(own) {
			return text
		}
		return s.withhold(base, path)
	}
	if private(path) && exported != base {
		return s.withhold(base, path)
	}
	return exported // A number, a truth or nothing.
}

// more stands for the name of a property, or an element, that the base does not have.
const more = "(more than the base's)"

func (s *scrubber) overlayObject(base, exported map[string]any, path []string) map[string]any {
	merged := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(exported)) {
		at := append(slices.Clone(path), key)
		own, has := base[key]
		switch {
		case has:
			merged[key] = s.overlay(own, exported[key], at)
		case s.shown(exported[key]) && !private(at):
			merged[key] = exported[key]
		case property.MatchString(key) && !private(path):
			s.withhold(nil, at)
		default:
			s.withhold(nil, append(slices.Clone(path), more))
		}
	}
	return merged
}

func (s *scrubber) overlayList(base, exported []any, path []string) (merged []any) {
	for i, value := range exported {
		at := append(slices.Clone(path), fmt.Sprint(i))
		switch {
		case i < len(base):
			merged = append(merged, s.overlay(base[i], value, at))
		case s.shown(value) && !private(at):
			merged = append(merged, value)
		default:
			s.withhold(nil, append(slices.Clone(path), more))
		}
	}
	return merged
}

// shown says whether the repository has every text in a value.
func (s *scrubber) shown(value any) bool {
	switch value := value.(type) {
	case string:
		return s.public[s.ids.Replace(value)]
	case []any:
		return !slices.ContainsFunc(value, func(one any) bool { return !s.shown(one) })
	case map[string]any:
		for key, one := range value {
			if !property.MatchString(key) || !s.shown(one) {
				return false
			}
		}
	}
	return true
}

// property matches a property's name, which a secret's signature, a label and a header are not always.
var property = regexp.MustCompile(`^[a-z][A-Za-z]{0,60}$`)

// private says whether people write free text at a path. From there, only texts that the repository has are taken.
func private(path []string) bool {
	return slices.ContainsFunc(path, func(key string) bool {
		return slices.Contains([]string{"envs", "args", "commands", "labels", "userLabels", "annotations", "headers", "authInfo",
			"sensitiveLabels", "content", "description", "displayName", "documentation", "dashboardJson"}, key)
	})
}

// shapes matches texts that cannot be a secret if they replace another text of the same shape.
var shapes = map[string]*regexp.Regexp{
	"image":    regexp.MustCompile(`^[a-z0-9.-]+(/[a-z0-9._-]+)+@sha256:[0-9a-f]{64}$`),
	"quantity": regexp.MustCompile(`^[0-9]{1,9}(\.[0-9]{1,9})?(s|m|Ki|Mi|Gi)?$`),
	"constant": regexp.MustCompile(`^[A-Z]{2,30}(_[A-Z]{1,30})*$`),
	"revision": regexp.MustCompile(`^[a-z][a-z0-9-]{0,50}-[0-9a-f]{10}$`),
}

func shapeOf(text string) string {
	for name, shape := range shapes {
		if shape.MatchString(text) {
			return name
		}
	}
	return ""
}
