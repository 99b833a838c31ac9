// The peer of bench/reporting: 40 rules of which each reports.
import {PolicyPack, ResourceValidationPolicy} from "@pulumi/policy";

new PolicyPack("reporting", {
    policies: Array.from({length: 40}, (_, i): ResourceValidationPolicy => ({
        name: `rule-${i}`, description: `Rule ${i} is kept.`, enforcementLevel: "mandatory",
        validateResource: (args, report) => {
            const n = args.props.template?.scaling?.maxInstanceCount;
            if (n === undefined || n > -i) {
                report(`template.scaling.maxInstanceCount is ${n}: set it to ${-i} or less`);
            }
        },
    })),
});
