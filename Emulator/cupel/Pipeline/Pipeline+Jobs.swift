internal import AWSClient
internal import AWSModels
internal import EmulatorCore

extension Pipeline {
    /// Puts the jobs of Spark, and the models that they build, where the state machines name them, as `infra/deploy` does.
    /// - Parameters:
    ///   - folder: with the scripts.
    ///   - models: with the folders of models; nil if there are none.
    func publishJobs(_ folder: String, models: String?) throws(CommandFailure) {
        for name in FolderEntries.names(in: folder).sorted() where name.hasSuffix(".py") {
            try publish("\(folder)/\(name)", as: "jobs/\(name)", "text/x-python")
        }
        guard let models else { return }
        for layer in ["silver", "gold"] {
            for name in FolderEntries.names(in: "\(models)/\(layer)").sorted() {
                try publish("\(models)/\(layer)/\(name)", as: "jobs/models/\(layer)/\(name)", "text/plain")
            }
        }
    }

    private func publish(_ path: String, as key: String, _ contentType: String) throws(CommandFailure) {
        do {
            _ = try ObjectStore(client).put(
                try FileBytes.contents(of: path), to: S3Object(bucket: lakeBucket, key: key), contentType: contentType)
        } catch {
            throw .failed("\(path) cannot be put into \(lakeBucket): \(error)")
        }
    }
}
