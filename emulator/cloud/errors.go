package cloud

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud/schema"
)

// Error is a refusal as Google's APIs word it.
type Error struct {
	// Code is the HTTP status code.
	Code int
	// Status is the canonical code's name, for example NOT_FOUND.
	Status  string
	Message string
	// Details are typed details (google.rpc.ErrorInfo and the like). Default: none.
	Details []any
}

func (e *Error) Error() string { return fmt.Sprintf("%d %s: %s", e.Code, e.Status, e.Message) }

func (e *Error) body() any {
	inner := map[string]any{"code": e.Code, "message": e.Message, "status": e.Status}
	if len(e.Details) > 0 {
		inner["details"] = e.Details
	}
	return map[string]any{"error": inner}
}

func refuse(code int, status, format string, args []any) *Error {
	return &Error{Code: code, Status: status, Message: fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) *Error {
	return refuse(http.StatusBadRequest, "INVALID_ARGUMENT", format, args)
}

func precondition(format string, args ...any) *Error {
	return refuse(http.StatusBadRequest, "FAILED_PRECONDITION", format, args)
}

func denied(format string, args ...any) *Error {
	return refuse(http.StatusForbidden, "PERMISSION_DENIED", format, args)
}

func notFound(format string, args ...any) *Error {
	return refuse(http.StatusNotFound, "NOT_FOUND", format, args)
}

func exists(format string, args ...any) *Error {
	return refuse(http.StatusConflict, "ALREADY_EXISTS", format, args)
}

func aborted(format string, args ...any) *Error {
	return refuse(http.StatusConflict, "ABORTED", format, args)
}

func internal(format string, args ...any) *Error {
	return refuse(http.StatusInternalServerError, "INTERNAL", format, args)
}

// asError gives any error the API's form; what is no refusal is the emulator's own failure and becomes a 500.
func asError(err error) *Error {
	var refusal *Error
	if errors.As(err, &refusal) {
		return refusal
	}
	var violation *schema.Error
	if errors.As(err, &violation) {
		fields := make([]any, len(violation.Violations))
		for i, v := range violation.Violations {
			field := map[string]any{"description": v.Description}
			if v.Field != "" {
				field["field"] = v.Field
			}
			fields[i] = field
		}
		e := invalid("%s", violation)
		e.Details = []any{map[string]any{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": fields}}
		return e
	}
	return internal("%v", err)
}
