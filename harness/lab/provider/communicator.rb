# frozen_string_literal: true

require 'base64'
require 'net/http'
require 'rexml/document'
require 'securerandom'
require Vagrant.source_root.join('plugins/communicators/winrm/helper')

module VagrantPlugins
  module Lab
    # Runs a command line through WinRM (MS-WSMV: WS-Management over HTTP, Basic), with Ruby's own library only:
    # Debian's Vagrant comes without the winrm gem.
    class WinRMShell
      SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'
      TRANSFER = 'http://schemas.xmlsoap.org/ws/2004/09/transfer'

      ANONYMOUS = 'http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous'

      # The fault that says: nothing to report within the operation time-out, ask again.
      NOTHING_YET = '2150858793'

      OPERATION_SECONDS = 60

      Result = Struct.new(:stdout, :stderr, :exit_code)

      def initialize(host:, port:, user:, password:)
        @uri = URI("http://#{host}:#{port}/wsman")
        @user = user
        @password = password
      end

      # @return [Result]
      # @raise [Errors::WinRMFailed] when the server answers with an error
      def run(line)
        shell = text(create, 'ShellId')
        command = text(start(shell, line), 'CommandId')
        result = receive(shell, command)
        signal(shell, command)
        result
      ensure
        post("#{TRANSFER}/Delete", shell) if shell
      end

      private

      def create
        post("#{TRANSFER}/Create", nil, <<~XML)
          <rsp:Shell>
            <rsp:InputStreams>stdin</rsp:InputStreams>
            <rsp:OutputStreams>stdout stderr</rsp:OutputStreams>
          </rsp:Shell>
        XML
      end

      def start(shell, line)
        post("#{SHELL}/Command", shell, <<~XML)
          <rsp:CommandLine><rsp:Command>#{line.encode(xml: :text)}</rsp:Command></rsp:CommandLine>
        XML
      end

      def receive(shell, command)
        result = Result.new(+'', +'', nil)
        until result.exit_code
          answer = post("#{SHELL}/Receive", shell, <<~XML)
            <rsp:Receive><rsp:DesiredStream CommandId="#{command}">stdout stderr</rsp:DesiredStream></rsp:Receive>
          XML
          elements(answer, 'Stream').each do |stream|
            result[stream.attributes['Name']] << Base64.decode64(stream.text.to_s).force_encoding('UTF-8').scrub
          end
          done = elements(answer, 'CommandState').any? { |state| state.attributes['State'].end_with?('/Done') }
          result.exit_code = text(answer, 'ExitCode').to_i if done
        end
        result
      end

      def signal(shell, command)
        post("#{SHELL}/Signal", shell, <<~XML)
          <rsp:Signal CommandId="#{command}"><rsp:Code>#{SHELL}/signal/terminate</rsp:Code></rsp:Signal>
        XML
      end

      def post(action, shell, body = '')
        request = Net::HTTP::Post.new(@uri, 'Content-Type' => 'application/soap+xml;charset=UTF-8')
        request.basic_auth(@user, @password)
        request.body = envelope(action, shell, body)
        # Without the explicit nil, a proxy of the environment would be asked.
        patience = { open_timeout: 5, read_timeout: OPERATION_SECONDS + 10 }
        answer = Net::HTTP.start(@uri.host, @uri.port, nil, **patience) { |http| http.request(request) }
        understood = answer.is_a?(Net::HTTPOK) || answer.body.to_s.include?(NOTHING_YET)
        return REXML::Document.new(answer.body) if understood

        raise Errors::WinRMFailed, "WinRM at #{@uri} answered #{action} with HTTP #{answer.code} #{answer.message}."
      end

      def envelope(action, shell, body)
        selector = shell && %(<w:SelectorSet><w:Selector Name="ShellId">#{shell}</w:Selector></w:SelectorSet>)
        <<~XML
          <?xml version="1.0" encoding="UTF-8"?>
          <s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
                      xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
                      xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:rsp="#{SHELL}">
            <s:Header>
              <a:To>#{@uri}</a:To>
              <a:ReplyTo>
                <a:Address s:mustUnderstand="true">#{ANONYMOUS}</a:Address>
              </a:ReplyTo>
              <a:Action s:mustUnderstand="true">#{action}</a:Action>
              <a:MessageID>uuid:#{SecureRandom.uuid.upcase}</a:MessageID>
              <w:ResourceURI s:mustUnderstand="true">#{SHELL}/cmd</w:ResourceURI>
              <w:MaxEnvelopeSize s:mustUnderstand="true">153600</w:MaxEnvelopeSize>
              <w:OperationTimeout>PT#{OPERATION_SECONDS}S</w:OperationTimeout>
              #{selector}
            </s:Header>
            <s:Body>#{body}</s:Body>
          </s:Envelope>
        XML
      end

      def elements(document, name)
        REXML::XPath.match(document, "//*[local-name()='#{name}']")
      end

      def text(document, name)
        elements(document, name).first&.text or raise Errors::WinRMFailed, "WinRM at #{@uri} sent no #{name}."
      end
    end

    # Whether a machine's WinRM service is up: it asks for credentials, and gets none.
    module WinRMService
      PATIENCE = { open_timeout: 5, read_timeout: 10 }.freeze

      def self.answers?(machine)
        address = CommunicatorWinRM::Helper.winrm_info(machine)
        secure = machine.config.winrm.transport == :ssl
        options = { **PATIENCE, use_ssl: secure, verify_mode: OpenSSL::SSL::VERIFY_NONE }
        Net::HTTP.start(address[:host], address[:port], nil, **options) do |http|
          http.post('/wsman', '', 'Content-Type' => 'application/soap+xml;charset=UTF-8').is_a?(Net::HTTPUnauthorized)
        end
      end
    end

    # Vagrant's way into a machine, for lab machines, and for all others where the winrm gem is missing.
    class Communicator < Vagrant.plugin('2', :communicator)
      # Stands in for the communicator `winrm`, and gives way to Vagrant's own one where that can work.
      # (Under another name than `winrm`, Vagrant would treat the machine as one with SSH.)
      module Choice
        def self.new(machine)
          gem_missing = Gem::Specification.find_all_by_name('winrm').empty?
          return Communicator.new(machine) if machine.provider_name == :lab || gem_missing

          CommunicatorWinRM::Plugin.communicator.get(:winrm).new(machine)
        end
      end

      # The texts of Vagrant's own WinRM errors come with the gem otherwise.
      I18n.load_path << Vagrant.source_root.join('templates/locales/comm_winrm.yml').to_s
      I18n.reload!

      # What goes wrong while a machine boots.
      NOT_THERE_YET = [SystemCallError, EOFError, Timeout::Error, CommunicatorWinRM::Errors::WinRMNotReady,
                       OpenSSL::SSL::SSLError, Errors::GuestNotRunning].freeze

      def initialize(machine)
        @machine = machine
      end

      def wait_for_ready(seconds)
        Timeout.timeout(seconds) { sleep 0.2 until ready? }
        true
      rescue Timeout::Error
        false
      end

      def ready?
        return run('hostname').exit_code.zero? if @machine.provider_name == :lab

        # The harness proves who it is in its own way. To send a password here might send it in the clear.
        WinRMService.answers?(@machine)
      rescue *NOT_THERE_YET
        false
      end

      # @return [Integer] the exit code
      # @raise [Errors::CommandFailed] when it is not 0, unless `error_check: false`
      def execute(command, opts = nil)
        result = run(command)
        yield :stdout, result.stdout if block_given? && !result.stdout.empty?
        yield :stderr, result.stderr if block_given? && !result.stderr.empty?
        if result.exit_code != 0 && (opts || {}).fetch(:error_check, true)
          raise Errors::CommandFailed, "Exit code #{result.exit_code}: #{command}"
        end

        result.exit_code
      end
      alias sudo execute

      def test(command, _opts = nil)
        run(command).exit_code.zero?
      end

      def upload(*)
        raise Errors::NotSupported, 'This WinRM communicator runs commands only; `npx sspr` puts files itself.'
      end
      alias download upload

      private

      def run(command)
        address = CommunicatorWinRM::Helper.winrm_info(@machine)
        account = @machine.config.winrm
        WinRMShell.new(
          host: address[:host], port: address[:port], user: account.username, password: account.password
        ).run(command)
      end
    end
  end
end
