extension S3: ObjectReading {
    public func contents(of object: ObjectLocation) throws(AWSFault) -> [UInt8] {
        do {
            // Its files stay as long as this reader does.
            return try withExtendedLifetime(reclaimer.enter()) {
                let content = try store.read { snapshot in
                    try snapshot.content(of: try locate(object.bucket, object.key, object.version, snapshot).object)
                }
                var bytes: [UInt8] = []
                try content.read(nil, files) { bytes += $0 }
                return bytes
            }
        } catch let fault as S3Fault {
            throw AWSFault(fault.code, "s3://\(object.bucket)/\(object.key): \(fault.message)", status: fault.status)
        } catch {
            throw .internalFailure(error)
        }
    }
}
