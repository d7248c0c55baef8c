internal import PublishedModels

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// The texts of the models of a folder: `silver/review_flat.sql` beside `silver/review_flat.odcs.yaml` is the table
/// dm_silver.review_flat.
enum ModelFolder {
    /// - Returns: the texts, or why a model cannot be read.
    /// - Throws: if there is no folder: a pipeline that builds nothing would say that all is well.
    static func read(_ folder: String) throws(GoldError) -> [TableName: Result<ModelTexts, GoldError>] {
        guard access(folder, R_OK | X_OK) == 0 else {
            throw .usage("\(folder): there is no folder of models, or it cannot be read; MODELS_DIR says where it is")
        }
        var models: [TableName: Result<ModelTexts, GoldError>] = [:]
        for layer in TableName.modelLayers {
            for file in files(in: "\(folder)/\(layer)") where file.hasSuffix(".sql") {
                let name = TableName(layer: layer, table: String(file.dropLast(".sql".count)))
                models[name] = Result { () throws(GoldError) in try texts(of: name, in: folder) }
            }
        }
        return models
    }

    private static func texts(of name: TableName, in folder: String) throws(GoldError) -> ModelTexts {
        ModelTexts(
            sql: try text(of: name.modelPath, in: folder), contract: try text(of: name.contractPath, in: folder),
            // Nothing is built from it.
            lineage: try? text(of: name.lineagePath, in: folder))
    }

    private static func text(of path: String, in folder: String) throws(GoldError) -> String {
        do throws(GoldError) {
            return String(decoding: try LocalFile.bytes(of: "\(folder)/\(path)"), as: UTF8.self)
        } catch { throw .model(place: path, reason: "it cannot be read: \(error)") }
    }

    private static func files(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            names.append(name)
        }
        return names.sorted()
    }
}
