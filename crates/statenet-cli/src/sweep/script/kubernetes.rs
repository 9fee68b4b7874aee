//! The manifest of an indexed Job for Kubernetes.

use super::Request;

/// A Job (batch/v1) with an index for each shard. A pod that ends before its shard is done is started again and goes on.
pub(super) fn manifest(request: &Request<'_>) -> String {
    let size = request.size;
    let text = |text: &str| serde_json::Value::from(text).to_string();
    // The parent of the sweep's folder, so that data beside it is there too.
    let mount = request.out.parent().unwrap_or(request.out).display().to_string();
    format!(
        r#"apiVersion: batch/v1
kind: Job
metadata:
  name: statenet-sweep
spec:
  completionMode: Indexed
  completions: {shards}
  parallelism: {shards}
  backoffLimit: {restarts}
  activeDeadlineSeconds: {deadline}
  template:
    spec:
      restartPolicy: OnFailure
      terminationGracePeriodSeconds: 60
      containers:
        - name: statenet
          image: {image}
          command: ["/bin/sh", "-c"]
          # exec: the program gets the signal to stop, and saves the states of its fits.
          args: [{command}]
          resources:
            requests:
              cpu: "{cores}"
              memory: {megabytes}M
            limits:
              memory: {megabytes}M
          volumeMounts:
            - name: data
              mountPath: {mount}
      volumes:
        - name: data
          persistentVolumeClaim:
            claimName: {claim}
"#,
        shards = size.shards,
        restarts = 6 * size.shards,
        // All shards may have to follow one another.
        deadline = size.minutes.saturating_mul(60).saturating_mul(size.shards as u64),
        image = text(request.image),
        command = text(&format!("exec {}", request.shard("$JOB_COMPLETION_INDEX"))),
        cores = size.cores,
        megabytes = size.megabytes,
        mount = text(&mount),
        claim = text(request.claim),
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{super::tests::request, *};

    #[test]
    fn the_job_has_an_index_for_each_shard_and_the_size_of_the_estimate() {
        let text = manifest(&request(Path::new("/data/my \"sweep\"")));
        for line in [
            "  completionMode: Indexed",
            "  completions: 4",
            "              cpu: \"2\"",
            "              memory: 1500M",
            "          image: \"lab/statenet:1\"",
            "              mountPath: \"/data\"",
            "            claimName: \"data\"",
            r#"          args: ["exec statenet sweep run --out '/data/my \"sweep\"' --shard $JOB_COMPLETION_INDEX/4 --threads 2"]"#,
        ] {
            assert!(text.lines().any(|there| there == line), "{line}\n{text}");
        }
    }
}
