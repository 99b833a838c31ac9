package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"

	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

// remember adds an update to the file backend's history, from which `pulumi stack history` reads.
func (s *Service) remember(u update, status apitype.UpdateStatus) error {
	result := apitype.SucceededResult
	if status != apitype.UpdateStatusSucceeded {
		result = apitype.FailedResult
	}
	settings := config.Map{}
	for name, value := range u.request.Config {
		key, err := config.ParseKey(name)
		if err != nil {
			return err
		}
		settings[key] = configValue(value)
	}
	data, err := json.Marshal(struct {
		apitype.UpdateInfo
		Config config.Map `json:"config"`
	}{apitype.UpdateInfo{Kind: u.kind, StartTime: u.started.Unix(), Message: u.request.Metadata.Message,
		Environment: u.request.Metadata.Environment, Result: result, EndTime: s.options.Now().Unix(), ResourceChanges: u.changes}, settings})
	if err != nil {
		return err
	}
	state, err := os.ReadFile(s.options.Checkpoint(u.stack))
	if err != nil {
		return err
	}
	path := filepath.Join(s.options.history(u.stack), fmt.Sprintf("%s-%d", u.stack, s.options.Now().UnixNano()))
	return errors.Join(statedir.WriteFile(path+".checkpoint.json", state, 0o600), statedir.WriteFile(path+".history.json", data, 0o600))
}

func configValue(value apitype.ConfigValue) config.Value {
	switch {
	case value.Secret && value.Object:
		return config.NewSecureObjectValue(value.String)
	case value.Secret:
		return config.NewSecureValue(value.String)
	case value.Object:
		return config.NewObjectValue(value.String)
	}
	return config.NewValue(value.String)
}
