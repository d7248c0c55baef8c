/// The files of a new project that are its own.
struct ProjectFiles {
    let table: String
    /// In the order in which they are written, by their paths in the project.
    private(set) var files: [(path: String, bytes: [UInt8])] = []
    /// What `cupel run` is given first.
    private let data: String

    private init(table: String, data: String) {
        self.table = table
        self.data = data
        add("cupel.yaml", Self.settings)
        add(".gitignore", ".cupel/\n")
    }

    private mutating func add(_ path: String, _ text: String) { files.append((path, Array(text.utf8))) }

    /// A project about a table of orders.
    static func sample(table: String) -> ProjectFiles {
        var project = ProjectFiles(table: table, data: "data")
        project.add("infra/contracts/\(table).odcs.yaml", Self.contract(of: table))
        project.add("infra/models/gold/\(table)_by_status.sql", Self.model(of: table))
        project.add("infra/models/gold/\(table)_by_status.odcs.yaml", Self.contractOfModel(of: table))
        project.add("data/\(table).csv", Self.rows)
        project.add("README.md", project.readme(hasModel: true))
        return project
    }

    /// A project about a file.
    static func own(table: String, contract: String, file: String) -> ProjectFiles {
        var project = ProjectFiles(table: table, data: file)
        project.add("infra/contracts/\(table).odcs.yaml", contract)
        project.add("infra/models/gold/.keep", "")
        project.add("README.md", project.readme(hasModel: false))
        return project
    }

    func welcome(_ folder: String) -> String {
        let enter = folder == "." ? "" : "  cd \(folder)\n"
        return """
            A project for the table \(table) is in \(folder). Next:

            \(enter)  cupel contract lint infra/contracts/*.odcs.yaml
              cupel run \(data)
              cupel up

            """
    }

    private static let settings = """
        # Options of `cupel up` and `cupel run`, by their names. One on the command line takes precedence.
        template: infra/pipeline.yaml
        # port: 4566
        # data: .cupel/data
        # parameter: {LambdaMaxRecords: 100000}

        """

    private func readme(hasModel: Bool) -> String {
        """
        # A lake of \(table)

        Made by `cupel init`.

        | | |
        |---|---|
        | `infra/contracts/\(table).odcs.yaml` | what a row of `\(table)` is: types, keys, masking, quality |
        | `infra/models/` | gold tables: a query and a contract each\(hasModel ? "; `gold/\(table)_by_status.sql` is one" : "") |
        | `infra/pipeline.yaml` | the pipeline as a CloudFormation template, with those beside it |
        | `StateMachines/` | its state machines |
        | `cupel.yaml` | options of `cupel up` and `cupel run` |

        ## On this machine

            cupel run \(data)
            cupel query 'SELECT * FROM silver.\(table) LIMIT 10'

        takes the files through bronze, silver and gold, and asks for rows. `cupel up` keeps the emulator running, at
        <http://127.0.0.1:4566>, for the AWS CLI and SDKs, and shows a console at `/console/`.

        ## Next

        - Change the contract, then `cupel contract lint infra/contracts/*.odcs.yaml`. `cupel contract infer FILE` proposes one for another table.
        - Put scripts into `init.d/` (`*.sh`, `*.py`) that prepare the emulator after each start.
        - Test with pytest: the wheel of cupel brings the fixture `cupel` (`pip install 'cupel[pytest]'`).

        """
    }

    private static func contract(of table: String) -> String {
        """
        apiVersion: v3.1.0
        kind: DataContract
        id: \(table)
        name: \(table)
        version: 0.1.0
        status: draft
        customProperties:
          - property: quarantineShare # this share of a file's rows may break the contract
            value: 0.1
        schema:
          - name: \(table)
            logicalType: object
            physicalType: table
            description: One row an order.
            properties:
              - name: id
                logicalType: integer
                physicalType: bigint
                primaryKey: true
                primaryKeyPosition: 1
                required: true
                classification: public
              - name: customer
                logicalType: string
                physicalType: string
                classification: PII
                customProperties: [{property: masking, value: mask}]
              - name: amount
                logicalType: number
                physicalType: decimal(12,2)
                required: true
                classification: public
              - name: status
                logicalType: string
                physicalType: string
                classification: public
                customProperties: [{property: validValues, value: [open, paid, cancelled]}]
              - name: ordered_at
                logicalType: timestamp
                physicalType: timestamp
                classification: public

        """
    }

    private static let rows = """
        id,customer,amount,status,ordered_at
        1,Ana Souza,19.90,paid,2026-01-05T09:15:00Z
        2,Ben Okoro,5.00,open,2026-01-05T10:02:11Z
        3,Chen Li,120.45,paid,2026-01-06T18:40:00Z
        4,Ana Souza,7.25,cancelled,2026-01-07T08:00:30Z

        """

    private static func model(of table: String) -> String {
        """
        SELECT status, COUNT(*) AS orders, CAST(SUM(amount) AS DECIMAL(18, 2)) AS amount
          FROM dm_silver.\(table)
         WHERE deleted_at IS NULL
         GROUP BY status
         ORDER BY status

        """
    }

    private static func contractOfModel(of table: String) -> String {
        """
        apiVersion: v3.1.0
        kind: DataContract
        id: \(table)_by_status
        name: \(table)_by_status
        version: 0.1.0
        status: draft
        customProperties:
          - property: ranking
            value: [amount desc]
        schema:
          - name: \(table)_by_status
            logicalType: object
            physicalType: table
            description: What the orders of each status add up to.
            properties:
              - name: status
                logicalType: string
                physicalType: string
                primaryKey: true
                primaryKeyPosition: 1
                required: true
                classification: public
              - name: orders
                logicalType: integer
                physicalType: bigint
                required: true
                classification: public
              - name: amount
                logicalType: number
                physicalType: decimal(18,2)
                classification: public

        """
    }
}
