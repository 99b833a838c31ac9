package provider

import (
	"context"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// inputsOf makes a struct of this package an input of a Pulumi program. Such structs replace the SDKs' own for Cloud SQL, Cloud Storage
// and GitHub, whose packages take up to 25 seconds to compile. A struct has the properties that the emulator serves. Tests compare their
// names and types with the SDKs' source.
type inputsOf[T any] struct{}

func (inputsOf[T]) ElementType() reflect.Type { return reflect.TypeFor[T]() }

type databaseInstance struct {
	Project            *string           `pulumi:"project"`
	Region             *string           `pulumi:"region"`
	Name               *string           `pulumi:"name"`
	DatabaseVersion    string            `pulumi:"databaseVersion"`
	DeletionProtection *bool             `pulumi:"deletionProtection"`
	InstanceType       *string           `pulumi:"instanceType"`
	MaintenanceVersion *string           `pulumi:"maintenanceVersion"`
	RootPassword       *string           `pulumi:"rootPassword"`
	Settings           *instanceSettings `pulumi:"settings"`
}

type instanceSettings struct {
	Tier                      string                 `pulumi:"tier"`
	Edition                   *string                `pulumi:"edition"`
	ActivationPolicy          *string                `pulumi:"activationPolicy"`
	AvailabilityType          *string                `pulumi:"availabilityType"`
	ConnectorEnforcement      *string                `pulumi:"connectorEnforcement"`
	PricingPlan               *string                `pulumi:"pricingPlan"`
	DiskType                  *string                `pulumi:"diskType"`
	DiskSize                  *int                   `pulumi:"diskSize"`
	DiskAutoresize            *bool                  `pulumi:"diskAutoresize"`
	DiskAutoresizeLimit       *int                   `pulumi:"diskAutoresizeLimit"`
	DeletionProtectionEnabled *bool                  `pulumi:"deletionProtectionEnabled"`
	RetainBackupsOnDelete     *bool                  `pulumi:"retainBackupsOnDelete"`
	UserLabels                map[string]string      `pulumi:"userLabels"`
	Version                   *int                   `pulumi:"version"`
	DatabaseFlags             []nameAndValue         `pulumi:"databaseFlags"`
	BackupConfiguration       *backupConfiguration   `pulumi:"backupConfiguration"`
	IPConfiguration           *ipConfiguration       `pulumi:"ipConfiguration"`
	InsightsConfig            *insightsConfiguration `pulumi:"insightsConfig"`
	MaintenanceWindow         *maintenanceWindow     `pulumi:"maintenanceWindow"`
}

type nameAndValue struct {
	Name  string `pulumi:"name"`
	Value string `pulumi:"value"`
}

type backupConfiguration struct {
	Enabled                     *bool            `pulumi:"enabled"`
	Location                    *string          `pulumi:"location"`
	StartTime                   *string          `pulumi:"startTime"`
	PointInTimeRecoveryEnabled  *bool            `pulumi:"pointInTimeRecoveryEnabled"`
	TransactionLogRetentionDays *int             `pulumi:"transactionLogRetentionDays"`
	BackupRetentionSettings     *backupRetention `pulumi:"backupRetentionSettings"`
}

type backupRetention struct {
	RetainedBackups int     `pulumi:"retainedBackups"`
	RetentionUnit   *string `pulumi:"retentionUnit"`
}

type ipConfiguration struct {
	IPv4Enabled                             *bool               `pulumi:"ipv4Enabled"`
	PrivateNetwork                          *string             `pulumi:"privateNetwork"`
	AllocatedIPRange                        *string             `pulumi:"allocatedIpRange"`
	SSLMode                                 *string             `pulumi:"sslMode"`
	EnablePrivatePathForGoogleCloudServices *bool               `pulumi:"enablePrivatePathForGoogleCloudServices"`
	AuthorizedNetworks                      []authorizedNetwork `pulumi:"authorizedNetworks"`
}

type authorizedNetwork struct {
	Name           *string `pulumi:"name"`
	Value          string  `pulumi:"value"`
	ExpirationTime *string `pulumi:"expirationTime"`
}

type insightsConfiguration struct {
	QueryInsightsEnabled  *bool `pulumi:"queryInsightsEnabled"`
	QueryStringLength     *int  `pulumi:"queryStringLength"`
	RecordApplicationTags *bool `pulumi:"recordApplicationTags"`
	RecordClientAddress   *bool `pulumi:"recordClientAddress"`
	QueryPlansPerMinute   *int  `pulumi:"queryPlansPerMinute"`
}

type maintenanceWindow struct {
	Day         *int    `pulumi:"day"`
	Hour        *int    `pulumi:"hour"`
	UpdateTrack *string `pulumi:"updateTrack"`
}

// databaseInstanceState adds the properties that the API computes to the instance.
type databaseInstanceState struct {
	databaseInstance
	ConnectionName             *string     `pulumi:"connectionName"`
	SelfLink                   *string     `pulumi:"selfLink"`
	ServiceAccountEmailAddress *string     `pulumi:"serviceAccountEmailAddress"`
	IPAddresses                []ipAddress `pulumi:"ipAddresses"`
	FirstIPAddress             *string     `pulumi:"firstIpAddress"`
	PrivateIPAddress           *string     `pulumi:"privateIpAddress"`
	PublicIPAddress            *string     `pulumi:"publicIpAddress"`
}

type ipAddress struct {
	IPAddress *string `pulumi:"ipAddress"`
	Type      *string `pulumi:"type"`
}

type database struct {
	Project        *string `pulumi:"project"`
	Instance       string  `pulumi:"instance"`
	Name           *string `pulumi:"name"`
	Charset        *string `pulumi:"charset"`
	Collation      *string `pulumi:"collation"`
	DeletionPolicy *string `pulumi:"deletionPolicy"`
}

type databaseUser struct {
	Project        *string `pulumi:"project"`
	Instance       string  `pulumi:"instance"`
	Name           *string `pulumi:"name"`
	Host           *string `pulumi:"host"`
	Type           *string `pulumi:"type"`
	Password       *string `pulumi:"password"`
	DeletionPolicy *string `pulumi:"deletionPolicy"`
}

const (
	sqlAPI       = "/sql/v1beta4/"
	sqlInstances = "projects/{project}/instances"
)

// sqlTypes are Cloud SQL's resource types.
var sqlTypes = []*resourceType{
	{
		token: "gcp:sql/databaseInstance:DatabaseInstance", args: inputsOf[databaseInstance]{}, state: inputsOf[databaseInstanceState]{},
		api: sqlAPI, collection: sqlInstances, self: sqlInstances + "/{name}", id: "{name}", importID: sqlInstances + "/{name}",
		autoName: "name", update: updateWhole, protection: "deletionProtection",
		local: words("project deletionProtection"), writeOnly: words("rootPassword"), outputOnly: words("settings.version"),
		rules: map[string]rule{
			"settings.diskType": {api: "dataDiskType"}, "settings.diskSize": {api: "dataDiskSizeGb"},
			"settings.diskAutoresize": {api: "storageAutoResize"}, "settings.diskAutoresizeLimit": {api: "storageAutoResizeLimit"},
			"settings.version": {api: "settingsVersion"},
		},
		derive: func(state map[string]any) {
			for _, address := range doc.Objects(state, "ipAddresses") {
				doc.Default(state, "firstIpAddress", address["ipAddress"])
				switch doc.Text(address, "type") {
				case "PRIMARY":
					state["publicIpAddress"] = address["ipAddress"]
				case "PRIVATE":
					state["privateIpAddress"] = address["ipAddress"]
				}
			}
		},
	},
	{
		token: "gcp:sql/database:Database", args: inputsOf[database]{}, state: inputsOf[database]{},
		api: sqlAPI, collection: sqlInstances + "/{instance}/databases", self: sqlInstances + "/{instance}/databases/{name}",
		autoName: "name", update: updateWhole, operations: abandoned{}, local: words("project instance deletionPolicy"),
	},
	{
		token: "gcp:sql/user:User", args: inputsOf[databaseUser]{}, state: inputsOf[databaseUser]{},
		api: sqlAPI, collection: sqlInstances + "/{instance}/users", self: sqlInstances + "/{instance}/users/{name}",
		id: "{name}//{instance}", importID: "{project}/{instance}/{name}", autoName: "name", operations: databaseUsers{},
		local: words("project instance host deletionPolicy"), writeOnly: words("password"), secrets: words("password"),
	},
}

// abandoned are documents that a deletion leaves in the cloud if the program says so. For example, a program may leave a
// database, because its data is not the program's.
type abandoned struct{ documents }

func (a abandoned) delete(ctx context.Context, c *call) error {
	if doc.Text(c.state, "deletionPolicy") == "ABANDON" {
		return nil
	}
	return a.documents.delete(ctx, c)
}

// databaseUsers are changed and deleted at their collection, by name.
type databaseUsers struct{ abandoned }

func (u databaseUsers) update(ctx context.Context, c *call) (map[string]any, error) {
	if err := u.byName(ctx, c, http.MethodPut, c.kind.body(c.inputs, c.state)); err != nil {
		return nil, worded(err, "Error, failed to update user %s in instance %s", doc.Text(c.inputs, "name"), doc.Text(c.inputs, "instance"))
	}
	return u.read(ctx, c)
}

func (u databaseUsers) delete(ctx context.Context, c *call) error {
	if doc.Text(c.state, "deletionPolicy") == "ABANDON" {
		return nil
	}
	if err := u.byName(ctx, c, http.MethodDelete, nil); err != nil && !notFound(err) {
		return worded(err, "Error, failed to delete user %s in instance %s", doc.Text(c.state, "name"), doc.Text(c.state, "instance"))
	}
	return nil
}

func (databaseUsers) byName(ctx context.Context, c *call, method string, body any) error {
	values := c.values()
	path, err := c.kind.path(c.kind.collection, values)
	if err != nil {
		return err
	}
	return c.send(ctx, method, path+"?name="+url.QueryEscape(doc.Text(values, "name")), body)
}

type bucket struct {
	Project                  *string           `pulumi:"project"`
	Location                 string            `pulumi:"location"`
	Name                     *string           `pulumi:"name"`
	StorageClass             *string           `pulumi:"storageClass"`
	Labels                   map[string]string `pulumi:"labels"`
	ForceDestroy             *bool             `pulumi:"forceDestroy"`
	UniformBucketLevelAccess *bool             `pulumi:"uniformBucketLevelAccess"`
	PublicAccessPrevention   *string           `pulumi:"publicAccessPrevention"`
	RequesterPays            *bool             `pulumi:"requesterPays"`
	Versioning               *versioning       `pulumi:"versioning"`
	SoftDeletePolicy         *softDelete       `pulumi:"softDeletePolicy"`
	LifecycleRules           []lifecycleRule   `pulumi:"lifecycleRules"`
}

// bucketState adds the properties that the API computes to the bucket.
type bucketState struct {
	bucket
	EffectiveLabels map[string]string `pulumi:"effectiveLabels"`
	PulumiLabels    map[string]string `pulumi:"pulumiLabels"`
	ProjectNumber   *int              `pulumi:"projectNumber"`
	SelfLink        *string           `pulumi:"selfLink"`
	TimeCreated     *string           `pulumi:"timeCreated"`
	Updated         *string           `pulumi:"updated"`
	URL             *string           `pulumi:"url"`
}

type versioning struct {
	Enabled bool `pulumi:"enabled"`
}

type softDelete struct {
	EffectiveTime            *string `pulumi:"effectiveTime"`
	RetentionDurationSeconds *int    `pulumi:"retentionDurationSeconds"`
}

type lifecycleRule struct {
	Action    lifecycleAction    `pulumi:"action"`
	Condition lifecycleCondition `pulumi:"condition"`
}

type lifecycleAction struct {
	Type         string  `pulumi:"type"`
	StorageClass *string `pulumi:"storageClass"`
}

type lifecycleCondition struct {
	Age                     *int     `pulumi:"age"`
	CreatedBefore           *string  `pulumi:"createdBefore"`
	DaysSinceNoncurrentTime *int     `pulumi:"daysSinceNoncurrentTime"`
	NumNewerVersions        *int     `pulumi:"numNewerVersions"`
	MatchesPrefixes         []string `pulumi:"matchesPrefixes"`
	MatchesStorageClasses   []string `pulumi:"matchesStorageClasses"`
	MatchesSuffixes         []string `pulumi:"matchesSuffixes"`
	WithState               *string  `pulumi:"withState"`
}

type bucketMember struct {
	Bucket    string     `pulumi:"bucket"`
	Role      string     `pulumi:"role"`
	Member    string     `pulumi:"member"`
	Condition *condition `pulumi:"condition"`
}

type bucketMemberState struct {
	bucketMember
	Etag *string `pulumi:"etag"`
}

type condition struct {
	Title       string  `pulumi:"title"`
	Description *string `pulumi:"description"`
	Expression  string  `pulumi:"expression"`
}

const storageAPI = "/storage/v1/"

// isLive says which versions of an object a lifecycle rule concerns, in the API's form. A rule without a value concerns all
// versions.
var isLive = map[string]any{"LIVE": true, "ARCHIVED": false}

// storageTypes are Cloud Storage's resource types.
var storageTypes = []*resourceType{
	{
		token: "gcp:storage/bucket:Bucket", args: inputsOf[bucket]{}, state: inputsOf[bucketState]{},
		api: storageAPI, collection: "b", query: "project={project}", self: "b/{name}", id: "{name}", autoName: "name", update: updatePut,
		local: words("project forceDestroy"), secrets: words("effectiveLabels pulumiLabels"), outputOnly: words("softDeletePolicy.effectiveTime"),
		rules: map[string]rule{
			"uniformBucketLevelAccess":                       {api: "iamConfiguration.uniformBucketLevelAccess.enabled"},
			"publicAccessPrevention":                         {api: "iamConfiguration.publicAccessPrevention"},
			"requesterPays":                                  {api: "billing.requesterPays"},
			"lifecycleRules":                                 {api: "lifecycle.rule"},
			"lifecycleRules.condition.matchesPrefixes":       {api: "matchesPrefix"},
			"lifecycleRules.condition.matchesStorageClasses": {api: "matchesStorageClass"},
			"lifecycleRules.condition.matchesSuffixes":       {api: "matchesSuffix"},
			"lifecycleRules.condition.withState": {api: "isLive",
				encode: func(state any) any { return isLive[state.(string)] },
				decode: func(value any) any { return map[any]string{true: "LIVE", false: "ARCHIVED"}[value] },
			},
		},
		derive: func(state map[string]any) {
			state["url"] = "gs://" + doc.Text(state, "name")
			if location := doc.Text(state, "location"); location != "" {
				state["location"] = strings.ToUpper(location)
			}
		},
	},
	memberRow(&resourceType{
		token: "gcp:storage/bucketIAMMember:BucketIAMMember", args: inputsOf[bucketMember]{}, state: inputsOf[bucketMemberState]{},
		api: storageAPI, self: "b/{bucket:short}", operations: iamMember{resource: true}, local: words("bucket"),
	}),
}
